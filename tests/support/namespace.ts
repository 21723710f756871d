import { randomUUID } from 'node:crypto';
import { Client, type Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { ensureSearchAttributes } from '../../workers/wiring/search-attributes';
import { temporalServer } from './servers';

/** A client and a worker's connection on the tests' Temporal, in a namespace of their own. */
export async function connectToOwnNamespace() {
  const { address } = temporalServer();
  // The client's own connection repeats a call from a timer, even after its close.
  const connection = await NativeConnection.connect({ address });
  const namespace = await createNamespace(connection);
  await ensureSearchAttributes(connection, namespace);
  return { namespace, connection, client: new Client({ connection, namespace }) };
}

/** A separate namespace without our search attributes. */
export async function createNamespace(
  connection: Pick<Connection, 'workflowService'>,
): Promise<string> {
  const namespace = `test-${randomUUID()}`;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  return namespace;
}
