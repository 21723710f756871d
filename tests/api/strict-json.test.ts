import fc from 'fast-check';
import { MalformedJson, parseStrictJson } from '../../api/http/strict-json';

describe('what JSON.parse would accept', () => {
  test.each([
    ['a repeated key', '{"a":1,"a":2}'],
    ['a repeated key with equal values', '{"a":1,"a":1}'],
    ['a repeated key, once escaped', '{"a":1,"\\u0061":1}'],
    ['a repeated key deep inside', '{"x":[{"y":{"a":null,"a":null}}]}'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":1}'],
    ['NUL in a string', '"\\u0000"'],
    ['NUL in a key', '{"\\u0000":1}'],
    ['half a surrogate pair', '"\\ud800"'],
    ['a reversed surrogate pair', '["\\udc00\\ud800"]'],
    ['21 levels', `${'['.repeat(21)}${']'.repeat(21)}`],
  ])('%s is refused', (_what, text) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
    expect(() => parseStrictJson(text)).toThrow(MalformedJson);
  });

  test.each([
    '9007199254740993',
    '-9007199254740993',
    '1e309',
    '-1e309',
    '1e-400',
    '1.00000000000000001',
  ])('does not round %s, which a number cannot hold', (text) => {
    expect(parseStrictJson(text)).toBeNaN();
  });
});

test.each([
  ['nothing', ''],
  ['NaN', 'NaN'],
  ['Infinity', '[Infinity]'],
  ['a leading zero', '01'],
  ['a trailing comma', '[1,]'],
  ['single quotes', "{'a':1}"],
  ['a comment', '{}//'],
  ['two texts', '{}{}'],
  ['an unterminated string', '{"a":"'],
  ['a byte order mark', '\ufeff{}'],
  ['16,000 open brackets', '['.repeat(16_000)],
  ['16,000 open objects', '{"a":'.repeat(16_000)],
])('%s is not JSON', (_what, text) => {
  expect(() => parseStrictJson(text)).toThrow(MalformedJson);
});

test('accepts 20 levels, brackets in strings, escapes and whole surrogate pairs', () => {
  const deep = `${'['.repeat(20)}${']'.repeat(20)}`;
  expect(parseStrictJson(deep)).toEqual(JSON.parse(deep));
  const text = '{"a:[{":"\\"[{\\\\","b":"\\ud83d\\ude00"}';
  expect(parseStrictJson(text)).toEqual(JSON.parse(text));
});

test('treats __proto__ as an ordinary key', () => {
  const parsed = parseStrictJson('{"__proto__":{"polluted":true}}') as object;
  expect(Object.keys(parsed)).toEqual(['__proto__']);
  expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
});

const unsafeToNaN = (_key: string, value: unknown) =>
  Number.isInteger(value) && !Number.isSafeInteger(value) ? Number.NaN : value;

test('reads back what JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
      const text = JSON.stringify(value);
      const sound = !/\\u(0000|d[89a-f])/.test(text);
      if (!sound) expect(() => parseStrictJson(text)).toThrow(MalformedJson);
      else expect(parseStrictJson(text)).toEqual(JSON.parse(text, unsafeToNaN));
    }),
  );
});
