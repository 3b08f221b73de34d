const MASK = '[secret]';

/** Credentials known by their shape: Anthropic's and our own keys, webhook secrets, authorization values, URL passwords. */
const SECRET_SHAPES: readonly [RegExp, string][] = [
  [/\bsk-ant-[\w-]{4,}/g, MASK],
  [/\btg_[\w-]{8,}/g, MASK],
  [/\bwhsec_[\w+/=-]{8,}/g, MASK],
  [/\b(bearer|basic)(\s+)[\w.~+/=-]{8,}/gi, `$1$2${MASK}`],
  [/(\b[a-z][a-z\d+.-]{0,20}:\/\/[^\s:@/?#"]*:)[^\s@/?#"]+@/gi, `$1${MASK}@`],
];

/** What a text has in it before any of them can match: most lines have nothing of it, and are looked at once. */
const SECRET_HINT = /sk-ant-|tg_|whsec_|bearer|basic|:\/\//i;

/** Names of fields whose value is a credential whatever it looks like. */
const SECRET_NAME =
  /^(x-)?(api[-_]?key|authorization|proxy-authorization|cookie|set-cookie)$|secret|password|passwd|token$/i;

/** Shorter values would mask ordinary words. */
const SHORTEST_SECRET_CHARACTERS = 8;

/** Whether a field of this name holds a credential. Counts of tokens (`input_tokens`) do not. */
export function isSecretName(name: string): boolean {
  let isSecret = judgedNames.get(name);
  if (isSecret === undefined) {
    isSecret = SECRET_NAME.test(name);
    if (judgedNames.size < JUDGED_NAMES_AT_MOST) judgedNames.set(name, isSecret);
  }
  return isSecret;
}

/** Lines have the same few names again and again. */
const judgedNames = new Map<string, boolean>();
const JUDGED_NAMES_AT_MOST = 1_000;

export { MASK };

/**
 * Makes the function that every line passes on its way out.
 * @param secrets values that must never appear, such as the upstream key and the admin token.
 */
export function createSecretMask(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET_CHARACTERS)
    // A secret inside JSON may be escaped, inside a URL percent-encoded.
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
  const exact = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (text) => {
    let masked = text;
    for (const form of exact) if (masked.includes(form)) masked = masked.replaceAll(form, MASK);
    if (!SECRET_HINT.test(masked)) return masked;
    for (const [shape, replacement] of SECRET_SHAPES) masked = masked.replace(shape, replacement);
    return masked;
  };
}
