import { TestWorkflowEnvironment } from '@temporalio/testing';
import { createConnection } from 'mysql2/promise';
import { openTemporal } from '../../api/placing/temporal-connection';
import { mysqlServer, temporalServer, timeSkippingServer } from '../support/servers';

describe('the servers that tests share', () => {
  it('has a MySQL that its administrator may use', async () => {
    const connection = await createConnection(mysqlServer());
    const [rows] = await connection.query('SELECT VERSION() AS version');
    expect(rows).toEqual([{ version: expect.stringMatching(/^(8|9|\d\d)\.\d+\.\d+/) as unknown }]);
    await connection.end();
  });

  it('has a Temporal server with its namespace', async () => {
    const { address, namespace } = temporalServer();
    const connection = openTemporal(address);
    const answer = await connection.workflowService.describeNamespace({ namespace });
    expect(answer.namespaceInfo?.name).toBe(namespace);
    await connection.close();
  });

  it('has a time-skipping server that the SDK can start', async () => {
    const environment = await TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path: timeSkippingServer() } },
    });
    const before = await environment.currentTimeMs();
    await environment.sleep('1 day');
    expect((await environment.currentTimeMs()) - before).toBeGreaterThanOrEqual(86_400_000);
    await environment.teardown();
  });
});
