import { Pool } from 'undici';
import type { LoadOrder } from './order-file';

/** What the API answered, as far as a client decides by it. */
export interface Answer {
  status: number;
  /** The last part of a problem's `type`, such as `insufficient-stock`. */
  problem?: string;
  /** Why an order was cancelled. */
  reason?: string;
  orderId?: string;
  /** The order's status. */
  orderStatus?: string;
  /** Seconds. */
  retryAfterS?: number;
  location?: string;
}

/** The API as customers use it. Every call throws when no whole answer arrives. */
export interface ApiClient {
  create(order: LoadOrder, idempotencyKey: string): Promise<Answer>;
  place(order: LoadOrder, orderId: string, pattern: string | undefined): Promise<Answer>;
  cancel(order: LoadOrder, orderId: string): Promise<Answer>;
  look(order: LoadOrder, location: string): Promise<Answer>;
  close(): Promise<void>;
}

/** A client whose connections can be cut. */
export interface CuttableClient extends ApiClient {
  /** Destroys every connection: the calls that are under way get no answer. */
  cut(): void;
}

export interface ApiClientOptions {
  /** Without a slash at its end. */
  apiUrl: string;
  /** One for each caller, so that none waits for another's answer. */
  connections: number;
  /** A bearer token that speaks for the customer; asked for once a customer. */
  tokenOf: (customerId: string) => Promise<string>;
  /** A call that is not answered by then is given up. */
  answerMsMax?: number;
}

/** Above the 30 s that the API itself may wait for an order's outcome. */
const defaultAnswerMsMax = 45_000;

/** Opens kept-alive connections to the API. Close it after use. */
export function apiClient(options: ApiClientOptions): CuttableClient {
  const { apiUrl, connections, tokenOf, answerMsMax = defaultAnswerMsMax } = options;
  const timeouts = { headersTimeout: answerMsMax, bodyTimeout: answerMsMax };
  const openPool = () => new Pool(new URL(apiUrl).origin, { connections, ...timeouts });
  let pool = openPool();
  const tokens = new Map<string, Promise<string>>();
  const bearer = async (customerId: string) => {
    const token = tokens.get(customerId) ?? tokenOf(customerId);
    tokens.set(customerId, token);
    return { authorization: `Bearer ${await token}` };
  };
  const post = async (order: LoadOrder, path: string, body: object, headers = {}) => {
    const own = { ...headers, ...(await bearer(order.customerId)) };
    return answerOf(
      await pool.request({
        method: 'POST',
        path,
        headers: { 'content-type': 'application/json', ...own },
        body: JSON.stringify(body),
      }),
    );
  };
  return {
    create: (order, idempotencyKey) =>
      post(order, '/orders', { items: order.items }, { 'idempotency-key': idempotencyKey }),
    place: (order, orderId, pattern) =>
      post(order, `/orders/${orderId}/place`, pattern === undefined ? {} : { pattern }),
    cancel: (order, orderId) => post(order, `/orders/${orderId}/cancel`, {}),
    look: async (order, location) => {
      const { pathname, search } = new URL(location, apiUrl);
      const headers = await bearer(order.customerId);
      return answerOf(await pool.request({ method: 'GET', path: pathname + search, headers }));
    },
    cut() {
      void pool.destroy();
      pool = openPool();
    },
    close: () => pool.close(),
  };
}

type Response = Awaited<ReturnType<Pool['request']>>;

async function answerOf({ statusCode, headers, body }: Response): Promise<Answer> {
  const text = await body.text();
  const fields = fieldsOf(text);
  const answer: Answer = { status: statusCode };
  if (typeof fields['type'] === 'string') answer.problem = fields['type'].split('/').at(-1) ?? '';
  if (typeof fields['reason'] === 'string') answer.reason = fields['reason'];
  if (typeof fields['orderId'] === 'string') answer.orderId = fields['orderId'];
  // A problem's status is the HTTP status, a number.
  if (typeof fields['status'] === 'string') answer.orderStatus = fields['status'];
  const retryAfterS = Number(headers['retry-after']);
  if (Number.isFinite(retryAfterS)) answer.retryAfterS = retryAfterS;
  if (typeof headers['location'] === 'string') answer.location = headers['location'];
  return answer;
}

/** A proxy's page is an answer too: it is then told by its status alone. */
function fieldsOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
