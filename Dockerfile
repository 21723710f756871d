# One image for every process; the command selects the process.
FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
COPY package.json package-lock.json .npmrc ./
# tsx, which runs TypeScript directly, is an ordinary dependency. The tools of the tests stay out.
RUN npm ci --omit=dev && npm cache clean --force
COPY contracts ./contracts
COPY workflows ./workflows
COPY activities ./activities
COPY workers ./workers
COPY api ./api
COPY migrations ./migrations
COPY docs/runbooks ./docs/runbooks
COPY tsconfig.json ./
# Bundled here once, which saves every container the time at its start.
RUN node --import tsx workers/bundle-now.ts && chown -R node:node node_modules/.cache
USER node
CMD ["node", "--import", "tsx", "workers/api.ts"]
