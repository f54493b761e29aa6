/** The checks of systemd's units: what would start what, when, and against whom. Data. */
import type { UnitExamination } from '../../ports/examination.ts'
import { bootUnitOf, type Config } from '../config.ts'
import { rowFor } from '../posture.ts'
import type { KnownMode } from '../vocabulary.ts'
import { bad, type Check, check, ok, unless } from './check.ts'

type Units = ReadonlyMap<string, UnitExamination>

const ETC = '/etc/systemd/system/'
/** The drop-in with which apmode masks a unit whose file is in /etc. */
const OWN_DROP_IN = '/90-apmode-masked.conf'
const SHORTEST_RESTART_MS = 1000

function servicesOf(config: Config, units: Units): readonly UnitExamination[] {
  return config.units.flatMap(({ name }) => units.get(name) ?? [])
}

const isMasked = (unit: UnitExamination) => unit.load === 'masked' || unit.file.startsWith('masked')
const isEnabled = (unit: UnitExamination) => unit.file === 'enabled' || unit.file === 'enabled-runtime'
const foreignDropIns = (unit: UnitExamination) =>
  unit.dropIns.filter((path) => path.startsWith(ETC) && !path.endsWith(OWN_DROP_IN))
const namesOf = (units: readonly UnitExamination[]) => units.map(({ name }) => name).join(' ')

/** Which units have another file state than the mode wants, and the command for each sort. */
function strayFiles(mode: KnownMode, boot: UnitExamination | undefined, services: readonly UnitExamination[]) {
  const { posture } = rowFor({ mode, vrrp: 'init' })
  const all = services.map((unit) => ({ unit, wanted: posture.serviceUnits as string }))
  if (boot !== undefined) all.push({ unit: boot, wanted: posture.bootUnit })
  const there = all.filter(({ unit }) => unit.load !== 'not-found')
  const pick = (wanted: string, wrong: (unit: UnitExamination) => boolean) =>
    there.filter((one) => one.wanted === wanted && wrong(one.unit)).map(({ unit }) => unit)
  return {
    disable: pick('disabled', isEnabled),
    unmask: [...pick('disabled', isMasked), ...pick('enabled', isMasked)],
    mask: pick('masked', (unit) => !isMasked(unit)),
    enable: pick('enabled', (unit) => !isEnabled(unit) && !isMasked(unit)),
  }
}

export const UNITS: readonly Check[] = [
  check({
    id: 'units.supervisor',
    title: 'the supervisor runs, answers, and starts at boot',
    looks: 'apmode.service, apmode.socket, and an answer on /run/apmode/apmode.sock',
    why: 'Without it nobody tells keepalived that this machine is unfit, and nobody fences the database.',
    needs: ['supervisor'],
    may: ['units'],
    judge: ({ units, supervisor }) => {
      const own = ['apmode.socket', 'apmode.service'].flatMap((name) => units?.get(name) ?? [])
      const mend = 'systemctl enable --now apmode.socket apmode.service'
      const dead = own.filter(({ active }) => active !== 'active' && active !== 'reloading')
      const faults = dead.map(({ name, active }) => `${name} is ${active}`)
      if (supervisor !== null) faults.push(supervisor)
      if (faults.length > 0) return bad('error', faults.join('; '), mend)
      const forgotten = own.filter((unit) => !isEnabled(unit)).map(({ name, file }) => `${name} is ${file}`)
      return unless('warning', forgotten, mend, 'active, enabled, answers')
    },
  }),
  check({
    id: 'units.known',
    title: 'systemd knows each configured unit by that name',
    looks: 'each [[unit]]: LoadState and Id',
    why: 'A unit that is not there cannot be started; an alias disappears when its unit is disabled.',
    needs: ['config', 'units'],
    judge: ({ config, units }) => {
      const services = servicesOf(config, units)
      const lost = services.filter(({ load }) => load !== 'loaded' && load !== 'masked')
      if (lost.length > 0) {
        const found = lost.map(({ name, load }) => `${name}: ${load}`).join('; ')
        return bad('error', found, `systemctl list-unit-files   # name in [[unit]] what is there`)
      }
      const aliases = services
        .filter(({ name, id }) => name !== id)
        .map(({ name, id }) => `${name} is an alias of ${id}`)
      return unless(
        'note',
        aliases,
        'name the unit itself in [[unit]], then: systemctl reload apmode',
        namesOf(services),
      )
    },
  }),
  check({
    id: 'units.files',
    title: 'units are enabled, disabled and masked as the mode wants it',
    looks: 'the unit file state of the boot unit and of each [[unit]]',
    why: 'What is enabled starts at boot, before anybody has looked whether this machine may serve.',
    needs: ['config', 'units', 'modeFile'],
    judge: ({ config, units, modeFile: { mode } }) => {
      const stray = strayFiles(mode, units.get(bootUnitOf(config)), servicesOf(config, units))
      const wrong = Object.entries(stray).filter(([, list]) => list.length > 0)
      const found = wrong.flatMap(([, list]) => list.map(({ name, file }) => `${name} is ${file} in mode ${mode}`))
      const mend = wrong.map(([verb, list]) => `systemctl ${verb} ${namesOf(list)}`).join(' && ')
      return unless(stray.disable.length > 0 ? 'error' : 'warning', found, mend, `as in mode ${mode}`)
    },
  }),
  check({
    id: 'units.running',
    title: 'in ap and s the services run, in m they do not',
    looks: 'each [[unit]]: ActiveState, the mode, and whether the VIP is here: those of the holder run there',
    why: 'In ap nothing starts at boot by itself; a machine whose services do not run cannot take over, and one with the VIP serves nobody.',
    needs: ['config', 'units', 'modeFile'],
    may: ['interfaces'],
    judge: ({ config, units, modeFile: { mode }, interfaces }) => {
      const services = servicesOf(config, units).filter(({ load }) => load === 'loaded' || load === 'masked')
      if (mode === 'unset' || mode === 'unreadable') return ok(`no mode says what should run (${mode})`)
      if (mode === 'm') {
        const router = config.units.find(({ kind }) => kind === 'router')?.name
        const up = services.filter(({ name, active }) => name === router && active === 'active')
        return unless(
          'error',
          up.map(({ name }) => `${name} runs in mode m`),
          `systemctl stop ${namesOf(up)}`,
          'mode m',
        )
      }
      const [vip = ''] = config.vrrp.vip.split('/')
      const holds = interfaces?.some(({ addresses }) => addresses.some((address) => address.split('/')[0] === vip))
      const runsHere = config.units.filter(({ runs }) => runs === 'everywhere' || holds === true)
      const wanted = new Set(runsHere.map(({ name }) => name))
      const down = services.filter(({ name, active }) => wanted.has(name) && !/^(active|reloading)$/.test(active))
      return unless(
        'error',
        down.map(({ name, active }) => `${name} is ${active}`),
        'apmode start',
        namesOf(services),
      )
    },
  }),
  check({
    id: 'units.boot',
    title: 'the boot unit starts the services and can be masked',
    looks: '<codename>.service: where its file is, and what it starts',
    why: 'In mode s it is what brings the services back after a power cut; a file in /etc cannot be masked (systemd#12084).',
    needs: ['config', 'units'],
    judge: ({ config, units }) => {
      const name = bootUnitOf(config)
      const unit = units.get(name)
      const copy = `sed 's/ap\\.service/${name}/' /usr/lib/systemd/system/ap.service > /usr/local/lib/systemd/system/${name}`
      if (unit === undefined || unit.load === 'not-found') {
        const make = `mkdir -p /usr/local/lib/systemd/system && ${copy} && systemctl daemon-reload`
        return bad('error', `systemd knows no ${name}`, make)
      }
      if (isMasked(unit)) return ok(`${name} is masked`)
      if (unit.fragment.startsWith(ETC)) {
        const away =
          name === 'ap.service' ? `rm ${unit.fragment}` : `mv ${unit.fragment} /usr/local/lib/systemd/system/`
        return bad('warning', `its file is ${unit.fragment}`, `${away} && systemctl daemon-reload`)
      }
      const starts = unit.command.join(' ')
      if (/(^|\/)apmode start$/.test(starts)) return ok(unit.fragment)
      return bad('error', `${name} runs ${JSON.stringify(starts)}, expected apmode start`, `systemctl revert ${name}`)
    },
  }),
  check({
    id: 'units.overridden',
    title: 'no file in /etc changes a service unit',
    looks: 'each [[unit]]: FragmentPath and DropInPaths in /etc/systemd/system',
    why: 'What stands there wins over the package, also after an upgrade: it should be known, and be the same on both.',
    needs: ['config', 'units'],
    judge: ({ config, units }) => {
      const changed = servicesOf(config, units).flatMap((unit) => {
        const own = unit.fragment.startsWith(ETC) && !isMasked(unit) ? [unit.fragment] : []
        const paths = [...own, ...foreignDropIns(unit)]
        return paths.length === 0 ? [] : [{ unit, paths }]
      })
      const revert = namesOf(changed.filter(({ unit }) => foreignDropIns(unit).length > 0).map(({ unit }) => unit))
      const mend = revert === '' ? 'systemd-delta --type=overridden' : `systemctl revert ${revert}`
      return unless(
        'note',
        changed.flatMap(({ paths }) => paths),
        mend,
        'none',
      )
    },
  }),
  check({
    id: 'units.restart',
    title: 'systemd does not start the database against a fence',
    looks: 'Restart= and RestartSec= of the database unit',
    why: 'A database that apmode stopped or killed (G7) must stay away until keepalived has let go of the VIP.',
    needs: ['config', 'units'],
    judge: ({ config, units }) => {
      const unit = units.get(config.units.find(({ kind }) => kind === 'database')?.name ?? '')
      if (unit === undefined) return ok('no database unit is configured')
      const { restart, restartMs, name } = unit
      const found = `Restart=${restart}, RestartSec=${restartMs / 1000}s`
      const fights =
        restart === 'always' || restart === 'on-success' || (restart !== 'no' && restartMs < SHORTEST_RESTART_MS)
      if (restart === '' || !fights) return ok(restart === '' ? `${name} is no service` : found)
      const revert = foreignDropIns(unit).length > 0
      return bad(
        'warning',
        found,
        revert ? `systemctl revert ${name}` : `systemctl edit ${name}   # Restart=on-abnormal, RestartSec=5s`,
      )
    },
  }),
  check({
    id: 'units.stale',
    title: 'systemd has read the files that are on the disk',
    looks: 'NeedDaemonReload of the service units, the boot unit and the supervisor',
    why: 'What was edited comes into force at the next reload, whoever causes it: a failover does.',
    needs: ['units'],
    judge: ({ units }) => {
      const stale = [...units.values()].filter((unit) => unit.stale).map(({ name }) => `${name} has newer files`)
      return unless('warning', stale, 'systemctl daemon-reload', 'nothing is newer')
    },
  }),
]
