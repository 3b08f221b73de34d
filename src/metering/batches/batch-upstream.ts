/** The API's batches, as the metering asks for them by itself. Every method throws where the API does not answer. */
export interface BatchUpstream {
  /** @returns undefined: there is no such batch. */
  find(upstreamId: string): Promise<UpstreamBatch | undefined>;
  /** All batches of the operator, newest first. */
  list(): AsyncIterable<UpstreamBatch>;
  /**
   * Reads the results of a batch that has ended, to their end.
   * @returns false: there are none, or none any more.
   */
  readResults(upstreamId: string, onChunk: (chunk: Uint8Array) => void): Promise<boolean>;
}

export interface UpstreamBatch {
  id: string;
  createdAtMs: number;
  hasEnded: boolean;
  items: number;
}
