/** As much of MySQL's client/server protocol as it takes to know what is being asked. */

const headerBytes = 4;
const comQuery = 0x03;
const errPacket = 0xff;
/** No query attributes, one set of them: what mysql2 sends before the text of every query. */
const noAttributes = Buffer.from([0, 1]);

interface Packet {
  /** 0 for the first of an exchange. */
  sequence: number;
  payload: Buffer;
}

/** Cuts one side's bytes into packets, however they arrive. */
export class PacketReader {
  private pending = Buffer.alloc(0);

  read(data: Buffer): Packet[] {
    this.pending = Buffer.concat([this.pending, data]);
    const packets: Packet[] = [];
    while (this.pending.length >= headerBytes) {
      const end = headerBytes + this.pending.readUIntLE(0, 3);
      if (this.pending.length < end) break;
      const payload = this.pending.subarray(headerBytes, end);
      packets.push({ sequence: this.pending.readUInt8(3), payload });
      this.pending = this.pending.subarray(end);
    }
    return packets;
  }
}

/** The text of a query; undefined for what is none, such as the handshake's packets. */
export function queryText({ sequence, payload }: Packet): string | undefined {
  if (sequence !== 0 || payload[0] !== comQuery) return undefined;
  const query = payload.subarray(1);
  const hasAttributes = query.subarray(0, noAttributes.length).equals(noAttributes);
  return (hasAttributes ? query.subarray(noAttributes.length) : query).toString('latin1');
}

/** The number of an error; it may come after the first rows of an answer. */
export function errorNumber({ payload }: Packet): number | undefined {
  return payload[0] === errPacket && payload.length > 3 ? payload.readUInt16LE(1) : undefined;
}
