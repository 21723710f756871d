import type { AuditReport } from '../../audit/audit';
import { checkView } from '../../tools/chaos/check';
import { chaosText } from '../../tools/chaos/report-text';
import { Outcomes } from '../../tools/load/outcomes';
import { call, create, limits, place, row, story } from './stories';
import { faultKinds, type FaultKind } from '../../tools/chaos/plan';

const none = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>;

const clean: AuditReport = {
  clean: true,
  atRest: true,
  orders: 1,
  byStatus: { CREATED: 0, PLACING: 0, PENDING: 0, COMPLETED: 1, CANCELLED: 0 },
  violations: [],
  violationsTotal: 0,
  inFlight: [],
  checked: {},
};

const shown = { status: 200, orderId: 'o-1', orderStatus: 'PLACING' };

/** What the command finally prints about one order. */
function textOf(told: ReturnType<typeof story>): string {
  const calm = { doneDuringFaults: 1, healMs: 0, cameBack: 0, interrupted: false };
  const report = {
    ...checkView([told], [row()], limits),
    ...calm,
    seed: 7,
    seconds: 60,
    faults: { planned: 0, fired: none, failed: [] },
    calls: { ok: 2, failed: 0, unknown: 0 },
    load: new Outcomes().summary(1),
  };
  return chaosText(report, 1, clean);
}

test('shows for each wrong order its callers’ calls and answers', () => {
  const text = textOf(story(create, call('place', 1_500), place, call('look', 3_000, shown)));
  expect(text).toContain('What callers were told is NOT what the databases have: 1 times.');
  expect(text).toContain(
    [
      '      create 00:00:01.000, 100 ms: ok, 201 CREATED',
      '      place 00:00:01.500, 100 ms: unknown, no answer',
      '      place 00:00:02.000, 100 ms: ok, 200 COMPLETED',
      '      look 00:00:03.000, 100 ms: ok, 200 PLACING',
    ].join('\n'),
  );
});

test('shows no calls if nothing is wrong', () => {
  const text = textOf(story(create, place));
  expect(text).toContain('What callers were told is what the databases have.');
  expect(text).not.toContain('00:00:01.000');
});
