import type { z } from '@hono/zod-openapi';
import { Problem, type Fault } from './problems';

/** A body of 16 KiB can hold thousands of faults; the answer should not be larger than that. */
const faultsMax = 200;

type Issue = z.core.$ZodIssue;

/**
 * What a request that does not fit its schema is answered with, every fault listed at once.
 *
 * @param target - which part of the request: `param` (the path), `query` or `json` (the body)
 */
export function validationProblem(target: string, error: z.ZodError): Problem {
  if (target === 'param') {
    return new Problem('invalid-id', 'An id has 1 to 64 letters, digits, _ or -.');
  }
  const faults = error.issues.flatMap(target === 'query' ? queryFaults : bodyFaults);
  return invalidRequest(faults);
}

/** A `validation` problem with these faults. */
export function invalidRequest(faults: readonly Fault[]): Problem {
  const omitted = faults.length - faultsMax;
  return new Problem('validation', 'The request is well-formed, and what it says is not valid.', {
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

/** Keys that no schema declares are one issue of their object, and one fault each. */
function places(issue: Issue): { path: PropertyKey[]; detail: string }[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, detail: issue.message }];
  return issue.keys.map((key) => ({
    path: [...issue.path, key],
    detail: 'is not for the caller to set',
  }));
}

/** RFC 6901. */
function jsonPointer(path: readonly PropertyKey[]): string {
  return path
    .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}
