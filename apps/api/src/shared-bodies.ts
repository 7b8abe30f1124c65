import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

const gzipAsync = promisify(gzip);

interface Body {
  plain: Buffer;
  zipped: Promise<Buffer>;
}

/** Writes one answer out once, however many readers get it: to turn the overview into bytes costs more than to find it. */
export class SharedBodies {
  private readonly bodies = new WeakMap<object, Body>();

  async send(answer: object, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const body = this.bodies.get(answer) ?? this.write(answer);
    const wantsZip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    reply.type('application/json; charset=utf-8').header('vary', 'accept-encoding');
    if (wantsZip) reply.header('content-encoding', 'gzip');
    await reply.send(wantsZip ? await body.zipped : body.plain);
  }

  private write(answer: object): Body {
    const plain = Buffer.from(JSON.stringify(answer));
    const body = { plain, zipped: gzipAsync(plain) };
    this.bodies.set(answer, body);
    return body;
  }
}
