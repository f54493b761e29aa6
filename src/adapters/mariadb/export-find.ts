/**
 * Where transactions are in a binary log: reads the headers that mariadb-binlog prints (`# at 379`, then `… end_log_pos 421 …
 * GTID 0-1-11 trans`). Invariant: a header counts only where the one before it ended, so that a text of a client that looks
 * like a header is not taken for one.
 */
import type { GtidRange } from '../../core/divergence.ts'
import { printBinlog } from './export-program.ts'
import type { Countdown } from './session.ts'

/** Transactions next to each other in one binary log: from the offset of the first to the end of the last. */
export interface Stretch {
  readonly file: string
  readonly from: number
  readonly to: number
  readonly count: number
}

export async function findStretches(
  socket: string,
  file: string,
  ranges: readonly GtidRange[],
  left: Countdown,
): Promise<readonly Stretch[]> {
  const reader = headerReader(file, ranges)
  let rest = ''
  const take = (chunk: Buffer) => {
    // Bytes of other character sets are of no interest, and no header has any.
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = (lines.pop() ?? '').slice(0, 1000)
    for (const line of lines) reader.line(line)
    return true
  }
  await printBinlog(socket, ['--base64-output=decode-rows', file], take, left)
  return reader.end()
}

interface Open {
  from: number
  to: number
  count: number
}

export function headerReader(file: string, ranges: readonly GtidRange[]) {
  const found: Stretch[] = []
  const places = new Set<number>()
  let end = 4
  let open: Open | null = null
  const close = () => {
    if (open !== null) found.push({ file, ...open })
    open = null
  }
  return {
    line(line: string) {
      const place = /^# at (\d+)$/.exec(line)?.[1]
      if (place !== undefined) {
        // An Annotate_rows and its Table_map are announced together, before the first of their headers.
        places.add(Number(place))
        return
      }
      const header = /^#\d{6} +[\d:]{7,8} server id \d+ +end_log_pos (\d+)\b.*?(?:\t(.*))?$/.exec(line)
      if (header === null || !places.has(end)) return
      const from = end
      const next = Number(header[1])
      if (next <= from) return
      places.delete(end)
      end = next
      const [, domain = '', server = '', sequence = '0'] = /^GTID (\d+)-(\d+)-(\d+)\b/.exec(header[2] ?? '') ?? []
      const between = /^(?:Rotate|Stop|Gtid list|Binlog checkpoint|Start: binlog)/.test(header[2] ?? '')
      if (domain !== '') {
        if (!isIn({ domain, server, sequence: BigInt(sequence) }, ranges)) close()
        else if (open === null) open = { from, to: next, count: 1 }
        else open.count += 1
      }
      if (between) close()
      else if (open !== null) open.to = next
    },
    end(): readonly Stretch[] {
      close()
      return found
    },
  }
}

function isIn(
  gtid: { readonly domain: string; readonly server: string; readonly sequence: bigint },
  ranges: readonly GtidRange[],
): boolean {
  return ranges.some(
    ({ domain, server, after, last }) =>
      gtid.domain === domain && gtid.server === server && gtid.sequence > after && gtid.sequence <= last,
  )
}
