import type { Mutation } from '../mutants/mutate';

const secondPhase = 'activities/barrier/second-phase.ts';
const reservations = 'activities/participant/reservations.ts';

/** TCC's participant broken on purpose: its property must see each of these. */
export const mutants: [what: string, mutations: Mutation[]][] = [
  [
    'confirms what was cancelled',
    [
      {
        file: secondPhase,
        in: 'confirmFault',
        from: "cancel || tried.outcome?.kind === 'cancelled'",
        to: 'cancel === null',
      },
      { file: reservations, in: 'isOpen', from: "state === 'frozen'", to: "state !== 'confirmed'" },
    ],
  ],
  [
    'cancels what was confirmed',
    [
      { file: secondPhase, in: 'cancelOnce', from: '!own && !other', to: '!own' },
      { file: reservations, in: 'isOpen', from: "state === 'frozen'", to: "state !== 'cancelled'" },
    ],
  ],
  [
    'leaves no tombstone for a try',
    [{ file: secondPhase, in: 'early', from: 'tried.outcome === null', to: 'false' }],
  ],
  [
    'confirms what an operator has frozen',
    [{ file: reservations, in: 'frozen', from: "state === 'frozen'", to: 'false' }],
  ],
  [
    'freezes for a resolution that was thawed',
    [
      {
        file: reservations,
        in: 'may',
        from: 'row.resolution < resolution',
        to: 'row.resolution <= resolution',
      },
    ],
  ],
  [
    'thaws what a newer resolution has frozen',
    [{ file: reservations, in: 'newest', from: 'row.resolution <= resolution', to: 'true' }],
  ],
];
