/**
 * A value that somebody else wrote, as it stands in a sentence: short, printable, and never the reason for a failure:
 * `JSON.stringify` throws at nesting without end (RangeError), which JSON.parse accepts. Pure.
 */

const LONGEST = 80

/** JSON, cut after 80 characters; `missing` for what is not there. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  let text: string
  try {
    text = JSON.stringify(value) ?? 'missing'
  } catch {
    return 'something nested without end'
  }
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text
}
