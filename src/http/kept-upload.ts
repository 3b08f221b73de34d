import type { FastifyReply, FastifyRequest } from 'fastify';
import type { BatchFile, BatchFolder } from './batches/batch-folder.ts';
import { SenderLeft } from './limited-body.ts';
import type { Refusal } from './refusals.ts';

export interface KeptUploadsOptions {
  folder: BatchFolder;
  limitBytes: number;
  /** At once: they fill so many files. */
  uploads: number;
  refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply;
}

/** Runs `take` with a file of its own, unless there are too many already or the body is announced too large. */
export type KeepUpload = (
  request: FastifyRequest,
  reply: FastifyReply,
  take: (file: BatchFile) => Promise<FastifyReply>,
) => Promise<FastifyReply>;

/**
 * Large bodies are read from their clients into files before a connection to the upstream is taken: a slow sender
 * holds a file, and nothing that others wait for.
 */
export function createKeptUploads({ folder, limitBytes, uploads, refuse }: KeptUploadsOptions): KeepUpload {
  let open = 0;
  return async (request, reply, take) => {
    if (Number(request.headers['content-length'] ?? 0) > limitBytes) {
      return refuse(request, reply, { kind: 'body_too_large', limitBytes });
    }
    if (open >= uploads) return refuse(request, reply, { kind: 'upstream_busy' });
    open += 1;
    try {
      const file = await folder.create(request.tollgate.requestId);
      try {
        return await take(file);
      } finally {
        await file.close();
      }
    } catch (error) {
      if (!(error instanceof SenderLeft)) throw error;
      // Nobody is there to be told.
      return reply.hijack();
    } finally {
      open -= 1;
    }
  };
}
