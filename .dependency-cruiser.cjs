'use strict';

/**
 * The import arrows of the design, deny by default: a folder may reach what is listed here and
 * nothing else. What a service shares with another goes through contracts/.
 */
const own = '^(contracts|workflows|activities|audit|workers|api|migrations|tools|tests)/';
const database = '^activities/database/';
const barrier = '^activities/barrier/';
const events = '^activities/events/';
const participant = '^activities/participant/';
/** What every service stands on. */
const engine = [database, barrier, events, '^contracts/'];

/** Folder → the folders of ours that it may import, itself included. */
const arrows = [
  ['^contracts/', ['^contracts/']],
  ['^migrations/', ['^migrations/', '^contracts/', '^activities/database/rows']],
  ['^workflows/', ['^workflows/', '^contracts/']],
  [database, [database, '^contracts/']],
  [barrier, [barrier, database, '^contracts/']],
  [events, engine],
  [participant, [participant, ...engine]],
  ['^activities/order/', ['^activities/order/', ...engine]],
  ['^activities/product/', ['^activities/product/', database, '^contracts/']],
  ['^activities/point/', ['^activities/point/', database, '^contracts/']],
  // The baseline before services: it alone sees the order service and the participants.
  [
    '^activities/lock/',
    [
      '^activities/lock/',
      '^activities/order/decision',
      participant,
      database,
      barrier,
      '^contracts/',
    ],
  ],
  [
    '^api/',
    [
      '^api/',
      '^contracts/',
      '^activities/order/intake',
      '^activities/(order|participant)/queries',
      // What a shop shows of these two beyond their part in orders.
      '^activities/(product/catalogue|point/balances)',
    ],
  ],
  ['^audit/', ['^audit/', '^contracts/', database, '^api/placing/temporal-connection']],
  // Of the API's rooms, these two know nothing of orders.
  ['^api/http/', ['^api/http/', '^contracts/', '^activities/order/intake']],
  ['^api/connections/', ['^api/(connections|http)/']],
  ['^workers/', ['^(workers|api|activities|migrations|contracts)/']],
  // A process is wired from below, and no process from another.
  ['^workers/wiring/', ['^workers/wiring/', '^(api|activities|migrations|contracts)/']],
];

/** Folder → the packages that it may import. Folders not named here may import any. */
const packages = [
  ['^(contracts)/', '^$'],
  ['^workflows/', '@temporalio/(workflow|common)'],
  ['^api/', '^(?!.*@temporalio/(worker|workflow|activity|testing)).*$'],
  ['^activities/', '^(?!.*(@temporalio/(worker|workflow|testing)|/hono/)).*$'],
];

module.exports = {
  forbidden: [
    ...arrows.map(([from, to]) => ({
      name: `arrow-from-${from.replace(/\W+/g, '-')}`,
      severity: 'error',
      from: { path: from },
      to: { path: own, pathNot: to },
    })),
    ...packages.map(([from, allowed]) => ({
      name: `packages-of-${from.replace(/\W+/g, '-')}`,
      severity: 'error',
      from: { path: from },
      to: { path: 'node_modules', pathNot: allowed },
    })),
    {
      name: 'nothing-imports-tests-or-tools',
      severity: 'error',
      from: { pathNot: '^(tests|tools)/' },
      to: { path: '^(tests|tools)/' },
    },
    {
      name: 'no-tool-imports-tests',
      severity: 'error',
      from: { path: '^tools/' },
      to: { path: '^tests/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^\\.local/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
