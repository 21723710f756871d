import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { choosePorts } from '../../tools/stack/ports';
import { newStackFile, preferredPorts } from '../../tools/stack/stack-file';
import { readStackFile, stackFilePath, writeJson } from '../../tools/stack/stack-file';

const nothingAsked = {
  api: undefined,
  temporal: undefined,
  temporalUi: undefined,
  mysql: undefined,
};

let occupant: Server;
let taken: number;

beforeAll(async () => {
  occupant = createServer();
  await new Promise<void>((resolve) => occupant.listen(0, '127.0.0.1', resolve));
  const address = occupant.address();
  taken = typeof address === 'object' && address ? address.port : 0;
});

afterAll(() => {
  occupant.close();
});

describe('the ports', () => {
  it('are those of the last start, or free ones if those are taken', async () => {
    const last = { ...preferredPorts, api: taken, temporal: 41_873 };
    const ports = await choosePorts(nothingAsked, last, false);
    expect(ports.api).not.toBe(taken);
    expect(ports.temporal).toBe(41_873);
  });

  it('of a stack beside others are none that another might want', async () => {
    const { api, temporal } = await choosePorts(nothingAsked, undefined, false);
    expect([api, temporal]).not.toContain(preferredPorts.api);
    expect([api, temporal]).not.toContain(preferredPorts.temporal);
  });

  it('are refused by name if they were requested and are taken', async () => {
    const asked = { ...nothingAsked, api: taken };
    await expect(choosePorts(asked, preferredPorts, false)).rejects.toThrow(
      `API_PORT ${String(taken)} is taken.`,
    );
  });

  it('are all different, with a MySQL for each service too', async () => {
    const { mysql, ...others } = await choosePorts(nothingAsked, preferredPorts, true);
    const all = [...Object.values(others), ...Object.values(mysql)];
    expect(new Set(all).size).toBe(7);
  });

  it.each([
    [true, preferredPorts.mysql.point],
    [false, 42_871],
  ])(
    'of a service that an earlier start did not have are chosen, separate: %p',
    (separate, port) => {
      const folder = mkdtempSync(join(tmpdir(), 'order-ports-'));
      const file = newStackFile(separate);
      const mysql = { order: 42_871, product: separate ? 42_872 : 42_871 };
      writeJson(stackFilePath(folder), { ...file, ports: { ...file.ports, mysql } });
      expect(readStackFile(folder)?.ports.mysql).toEqual({ ...mysql, point: port });
      rmSync(folder, { recursive: true });
    },
  );

  it('of MySQL are one for all, or consecutive', async () => {
    const asked = { ...nothingAsked, mysql: 42_871 };
    const one = await choosePorts(asked, preferredPorts, false);
    expect(one.mysql).toEqual({ order: 42_871, product: 42_871, point: 42_871 });
  });
});
