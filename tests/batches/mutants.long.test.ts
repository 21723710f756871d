import { mutate, type Mutation } from '../mutants/mutate';
import { checkOrders } from './property';
import { createOrderService } from './service';

/** The order service, broken on purpose: the property of its batches must catch each mutant. */

const runsMax = 300;
const steps = 'activities/order/decision.ts';

const mutants: [what: string, symptom: RegExp, mutations: Mutation[]][] = [
  [
    'a claim without its status guard',
    // The schema's guard may see it first, where the order that it claims again waits for something.
    /owner changed|not permitted|an end without its time|toContain|orders_pending_waits|guard-violated/,
    [{ file: 'activities/order/intake.ts', from: " AND status = 'CREATED'`", to: '`' }],
  ],
  [
    'a COMPLETE over an existing decision',
    // It may be seen first where the CANCEL that it overwrites had something registered.
    /decision changed|not permitted|it ended twice|toEqual|orders_pending_waits|guard-violated|PENDING registry row/,
    [
      {
        file: steps,
        from: 'verdicts.filter(({ orderId }) => rows.get(orderId)?.decision === null);',
        to: 'verdicts;',
      },
      {
        file: steps,
        from: ".whereNull('decision')\n    .update({ decision: 'COMPLETE'",
        to: ".update({ reason: null, decision: 'COMPLETE'",
      },
    ],
  ],
  [
    'an answered decision that does not hold',
    /toEqual/,
    [
      {
        file: steps,
        from: 'row ? (row.decision ?? decision)',
        to: 'row ? (decision ?? row.decision)',
      },
    ],
  ],
  [
    'a close that does not read the registry',
    /ended with a PENDING registry row/,
    [{ file: steps, from: "'compensations.status', 'PENDING'", to: "'compensations.status', 'X'" }],
  ],
  [
    'a PENDING order without an alert',
    /PENDING without an alert or a registry row/,
    [{ file: steps, from: 'groupBy([...open, ...missing]', to: 'groupBy(missing' }],
  ],
  [
    'an adoption without compare-and-set',
    /toBeLessThanOrEqual/,
    [
      {
        file: 'activities/order/adoption.ts',
        from: 'free.filter((row) => row.owner === ownerBefore.get(row.order_id));',
        to: 'free;',
      },
    ],
  ],
  [
    'a registration that does not check whether the order has ended',
    /ended with a PENDING registry row/,
    [
      {
        file: 'activities/order/compensation-queue.ts',
        from: 'failed.filter(({ orderId }) => isOpen(rows.get(orderId)));',
        to: 'failed;',
      },
    ],
  ],
  [
    'a last row DONE that does not end the order',
    /toEqual/,
    [
      {
        file: 'activities/order/compensation-queue.ts',
        from: 'error === undefined ? madeGood(trx) : failedAgain(trx, error, firstRetryMs)',
        to: "failedAgain(trx, error ?? '', firstRetryMs)",
      },
    ],
  ],
];

async function checkMutant(mutations: Mutation[]): Promise<void> {
  const mutant = mutate(mutations);
  try {
    const service = await createOrderService(mutant.folder);
    try {
      await checkOrders(service, runsMax);
    } finally {
      await service.end();
    }
  } finally {
    mutant.remove();
  }
}

it.each(mutants)(
  '%s is caught',
  async (_what, symptom, mutations) => {
    const check = checkMutant(mutations);
    await expect(check).rejects.toThrow(/seed/);
    await expect(check).rejects.toThrow(symptom);
  },
  120_000,
);
