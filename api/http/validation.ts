import type { z } from '@hono/zod-openapi';
import { Problem, type Fault } from './problems';

/** A body of 16 KiB can hold thousands of faults; this bounds the answer. */
const faultsMax = 200;

type Issue = z.core.$ZodIssue;

/**
 * The problem for a request that does not fit its schema. It lists every fault.
 *
 * @param target - the part of the request: `param` (the path), `query` or `json` (the body)
 */
export function validationProblem(target: string, error: z.ZodError): Problem {
  if (target === 'param') {
    return new Problem('invalid-id', 'An id must be 1 to 64 letters, digits, _ or -.');
  }
  const faults = error.issues.flatMap(target === 'query' ? queryFaults : bodyFaults);
  return invalidRequest(faults);
}

/** A `validation` problem with these faults. */
export function invalidRequest(faults: readonly Fault[]): Problem {
  const omitted = faults.length - faultsMax;
  return new Problem('validation', 'The request is well-formed, but some values are not valid.', {
    extensions: {
      errors: faults.slice(0, faultsMax),
      ...(omitted > 0 && { errorsOmitted: omitted }),
    },
  });
}

function bodyFaults(issue: Issue): Fault[] {
  return places(issue).map(({ path, detail }) => ({ pointer: jsonPointer(path), detail }));
}

function queryFaults(issue: Issue): Fault[] {
  return places(issue).map(({ path, detail }) => ({ parameter: path.join('.'), detail }));
}

/** Zod reports undeclared keys as one issue of their object; the answer lists one fault per key. */
function places(issue: Issue): { path: PropertyKey[]; detail: string }[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, detail: issue.message }];
  return issue.keys.map((key) => ({
    path: [...issue.path, key],
    detail: 'is not a known member',
  }));
}

/** RFC 6901. */
function jsonPointer(path: readonly PropertyKey[]): string {
  return path
    .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}
