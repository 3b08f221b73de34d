/** The upstream did not answer a question; the cause says why. */
export class UpstreamFailed extends Error {
  readonly code = 'UPSTREAM_FAILED';
  override readonly name = 'UpstreamFailed';
}
