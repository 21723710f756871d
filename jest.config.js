'use strict';

/** Packages that are ESM only: jest's own loader wants CommonJS, so that these are transformed. */
const esmPackages = ['jose', 'uuid', 'get-port'];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  // What is long proves the whole, once more and together: `npm run test:long`.
  testMatch: ['<rootDir>/tests/**/!(*.long).test.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  transform: {
    '\\.[cm]?[jt]s$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmPackages.join('|')})/)`],
  modulePathIgnorePatterns: ['<rootDir>/.local/'],
  globalSetup: '<rootDir>/tests/support/global-setup.ts',
  globalTeardown: '<rootDir>/tests/support/global-teardown.ts',
  maxWorkers: 2,
  testTimeout: 30_000,
};
