import { waitPreference } from '../../api/http/prefer';

const limits = { waitMsDefault: 30_000, waitMsMax: 60_000 };

test.each([
  [undefined, 30_000, undefined],
  ['wait=5', 5_000, 'wait=5'],
  ['wait = "5"', 5_000, 'wait=5'],
  ['respond-async', 0, 'respond-async'],
  ['Respond-Async', 0, 'respond-async'],
  ['respond-async, wait=2', 2_000, 'wait=2'],
  ['wait=0', 0, 'wait=0'],
  ['wait=3600', 60_000, 'wait=60'],
  ['wait=999999', 60_000, 'wait=60'],
  ['wait=-1', 30_000, undefined],
  ['wait=9999999999999', 30_000, undefined],
  ['wait=1.5', 30_000, undefined],
  ['handling=strict', 30_000, undefined],
])('Prefer: %s waits %d ms', (header, waitMs, applied) => {
  expect(waitPreference(header, limits)).toEqual({ waitMs, ...(applied && { asked: applied }) });
});
