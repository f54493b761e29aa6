/**
 * Who binds the VIP on a machine where it need not be: the sockets that listen on it, by the unit of their process, and the
 * last words of units that could not start. It reads no configuration of any service.
 */
import type { Config } from '../../core/config.ts'
import type { Facts } from '../../core/doctor/facts.ts'
import type { Examination } from '../../ports/examination.ts'
import { LOOK } from './attempt.ts'

/** strerror(EADDRNOTAVAIL), as nearly every service writes it. */
const NO_SUCH_ADDRESS = /cannot assign requested address/i
const LAST_WORDS = 40

export async function lookAtBinding(outside: Examination, { vrrp, units }: Config): Promise<Facts['binding']> {
  const vip = vrrp.vip.split('/')[0] ?? ''
  const everywhere = units
    .filter(({ runs, kind }) => runs === 'everywhere' && kind !== 'router')
    .map(({ name }) => name)
  const [nonlocal, bound, refused] = await Promise.all([
    said(outside, ['sysctl', '-n', `net.${vip.includes(':') ? 'ipv6' : 'ipv4'}.ip_nonlocal_bind`]),
    unitsOn(outside, vip),
    refusedOf(outside, everywhere),
  ])
  return { nonlocal: nonlocal.trim() === '1', bound: everywhere.filter((name) => bound.has(name)), refused }
}

async function said(outside: Examination, argv: readonly string[]): Promise<string> {
  const { code, out, err } = await outside.run(argv, LOOK)
  if (code !== 0) throw new Error(`${argv[0]} ended with ${code}: ${err.trim()}`)
  return out
}

/** The units whose processes listen on exactly this address. */
async function unitsOn(outside: Examination, address: string): Promise<ReadonlySet<string>> {
  const sockets = await said(outside, ['ss', '-H', '-l', '-n', '-t', '-u', '-p', 'src', address])
  const pids = new Set([...sockets.matchAll(/pid=(\d+)/g)].map(([, pid]) => pid ?? ''))
  if (pids.size === 0) return new Set()
  // One of them may have gone meanwhile: then ps ends with 1, and tells of the others.
  const { out } = await outside.run(['ps', '-o', 'unit=', '-p', [...pids].join(',')], LOOK)
  return new Set(out.split('\n').map((unit) => unit.trim()))
}

async function refusedOf(outside: Examination, names: readonly string[]): Promise<string[]> {
  const found = names.length === 0 ? [] : await outside.units(names, LOOK)
  const down = found.filter(({ active }) => active !== 'active' && active !== 'reloading').map(({ name }) => name)
  const refused = await Promise.all(
    down.map(async (name) => {
      const words = ['--quiet', '--no-pager', '--output=cat', '--boot', `--lines=${LAST_WORDS}`, `--unit=${name}`]
      return NO_SUCH_ADDRESS.test((await outside.run(['journalctl', ...words], LOOK)).out)
    }),
  )
  return down.filter((_, index) => refused[index])
}
