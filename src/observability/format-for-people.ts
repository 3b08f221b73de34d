const QUIET_FIELDS: readonly string[] = ['level', 'time', 'msg'];

/**
 * A JSON log line as `12:34:56 INFO  message  field=value ...` for a terminal. Control characters are taken out, so
 * that what a stranger sent cannot move the cursor.
 */
export function formatForPeople(line: string): string {
  const fields: { [name: string]: unknown } = JSON.parse(line);
  const time = typeof fields.time === 'string' ? fields.time.slice(11, 19) : '';
  const rest = Object.entries(fields)
    .filter(([name]) => !QUIET_FIELDS.includes(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? quoteWhereNeeded(value) : JSON.stringify(value)}`);
  const text = [time, String(fields.level).toUpperCase().padEnd(5), String(fields.msg ?? ''), ...rest].join(' ');
  return `${text.replace(/\p{Cc}/gu, ' ').trimEnd()}\n`;
}

function quoteWhereNeeded(value: string): string {
  return /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value);
}
