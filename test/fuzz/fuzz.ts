/**
 * How the fuzz tests run: each property for a share of the time, over input made by fast-check from one seed.
 * Invariant: the seed is printed before anything runs, and `APMODE_FUZZ_SEED=… APMODE_FUZZ_PATH=…` (both are in the
 * message of a failure) does exactly that input again. `APMODE_FUZZ_SECONDS=600` is for a night by hand.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'

/** The properties, about; each gets an equal share. */
const SHARES = 28
const SECONDS = Number(process.env.APMODE_FUZZ_SECONDS ?? 8)
const SHARE_MS = (SECONDS * 1000) / SHARES
const SEED = Number(process.env.APMODE_FUZZ_SEED ?? Date.now() & 0x7fff_ffff)
const PATH = process.env.APMODE_FUZZ_PATH
/** One input may take this long, also on a machine with something else to do; anything that hangs takes longer. */
const HANG_MS = 5000

process.stderr.write(`fuzz: APMODE_FUZZ_SEED=${SEED}, ${(SHARE_MS / 1000).toFixed(1)} s for each property\n`)

const options = {
  seed: SEED,
  ...(PATH === undefined ? {} : { path: PATH }),
  numRuns: 1_000_000_000,
  interruptAfterTimeLimit: SHARE_MS,
}

/** The property holds for every input: it throws nothing and ends. */
export function fuzz<T>(title: string, input: fc.Arbitrary<T>, holds: (value: T) => void): void {
  test(title, () => {
    const property = fc.property(input, (value) => {
      const started = performance.now()
      holds(value)
      expect(performance.now() - started, 'milliseconds').toBeLessThan(HANG_MS)
    })
    fc.assert(property, options)
  })
}

/** The same for what answers later. */
export function fuzzAsync<T>(title: string, input: fc.Arbitrary<T>, holds: (value: T) => Promise<void>): void {
  test(title, async () => {
    await fc.assert(fc.asyncProperty(input, holds), { ...options, timeout: HANG_MS })
  })
}

/** Any text, with more of what means something to a shell, to SQL, to keepalived or to TOML than chance would give. */
export const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...["'", '"', '\\', '`', '$(id)', ';', '--', '#', '{', '}', '\n', '\r', '\0', ' ', '/', '..', '%', '!', '&&'],
        ...["'; DROP TABLE x; -- ", '*/', '/*', '\u2028', 'ﬆ', 'ſ', '\ud800', '|', '=', '[', ']', '@', '-', '+', ','],
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.string({ maxLength: 12 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))

/** JSON as somebody might leave it in a file: well-formed, deeply nested, or damaged at one place. */
export const jsonText = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc
    .tuple(fc.constantFrom('[', '{"version":'), fc.integer({ min: 1, max: 50_000 }))
    .map(([open, depth]) => open.repeat(depth) + (open === '[' ? ']' : 'null}').repeat(depth)),
  fc
    .tuple(fc.constantFrom('version', 'role', 'peerAttachedAt', 'steps', 'state'), fc.integer({ min: 1, max: 50_000 }))
    .map(([name, depth]) => `{"version":1,"role":"active","${name}":${'['.repeat(depth)}${']'.repeat(depth)}}`),
  hostile,
)

/** A text in which a few places were cut out, doubled or overwritten. */
export function damaged(texts: readonly string[], with_: fc.Arbitrary<string> = hostile): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat({ max: 40 }),
    put: fc.oneof(fc.constant(''), with_),
    double: fc.boolean(),
  })
  return fc.tuple(fc.constantFrom(...texts), fc.array(edit, { maxLength: 4 })).map(([text, edits]) =>
    edits.reduce((now, { at, cut, put, double }) => {
      const start = Math.floor(at * now.length)
      const piece = now.slice(start, start + cut)
      return now.slice(0, start) + put + (double ? piece + piece : '') + now.slice(start + cut)
    }, text),
  )
}
