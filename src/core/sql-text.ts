/**
 * Texts and names as SQL writes them, so that none of them is ever read as SQL. Pure; holds for every `sql_mode` unless
 * it says otherwise.
 */

/** A SQL string literal for an expression, safe in every `sql_mode`: a text with a backslash travels as hexadecimal. */
export function literal(text: string): string {
  return text.includes('\\') ? `CONVERT(X'${hexOf(text)}' USING utf8mb4)` : quoted(text)
}

/**
 * A SQL string literal where the grammar wants a plain one (CHANGE MASTER TO takes no expression). Right only in a
 * session with NO_BACKSLASH_ESCAPES, which the adapter sets on each of its connections.
 */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A name in backticks. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function hexOf(text: string): string {
  return [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Seconds with milliseconds, as `max_statement_time` takes them; never 0, which means "no limit" there. */
export function seconds(ms: number): string {
  return (Math.max(ms, 1) / 1000).toFixed(3)
}
