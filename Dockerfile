# One image for every process of ours: which one it is, the command says.
FROM node:20-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
COPY package.json package-lock.json .npmrc ./
# tsx, which runs the TypeScript as it is, is an ordinary dependency; the tests' tools stay out.
RUN npm ci --omit=dev && npm cache clean --force
COPY contracts ./contracts
COPY workflows ./workflows
COPY activities ./activities
COPY workers ./workers
COPY api ./api
COPY migrations ./migrations
COPY docs/runbooks ./docs/runbooks
COPY tsconfig.json ./
# Bundled once here, so that no container spends its start on it.
RUN node --import tsx workers/bundle-now.ts && chown -R node:node node_modules/.cache
USER node
CMD ["node", "--import", "tsx", "workers/api.ts"]
