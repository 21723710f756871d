'use strict';

/**
 * Lets a process require our TypeScript: `node --require <this file> script.ts`.
 *
 * tsx would take every JavaScript file of the packages through its transformation too, which
 * doubled the processor time of each process's start. They are in no need of it: Node requires
 * ES modules by itself.
 */
const { _extensions: loaders } = require('node:module');
const requireJavaScript = loaders['.js'];
require('tsx/cjs');
loaders['.js'] = requireJavaScript;
