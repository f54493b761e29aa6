/** The checks of keepalived's file and process: is it in force, is it what `render` writes, may its scripts run. Data. */
import { renderKeepalived } from '../render/keepalived.ts'
import { bad, type Check, check, ok, some, unless } from './check.ts'
import { flat, parseKeepalived } from './keepalived-file.ts'
import { RENDER_KEEPALIVED as RENDER } from './keepalived-rule.ts'

const PATH = '/etc/keepalived/keepalived.conf'

export const KEEPALIVED: readonly Check[] = [
  check({
    id: 'keepalived.file',
    title: "keepalived.conf is there, and is root's",
    looks: `${PATH}: owner and mode`,
    why: 'What stands there is run as root.',
    needs: ['keepalivedPath'],
    judge: ({ keepalivedPath: file }) => {
      if (file === null) return bad('error', `there is no ${PATH}`, RENDER)
      const loose = file.uid !== 0 || (file.mode & 0o022) !== 0
      const found = `user ${file.uid}, mode ${file.mode.toString(8).padStart(4, '0')}`
      return loose ? bad('error', found, `chown root:root ${PATH} && chmod 0644 ${PATH}`) : ok(found)
    },
  }),
  check({
    id: 'keepalived.accepted',
    title: 'keepalived accepts its file',
    looks: 'keepalived --config-test',
    why: 'What it does not understand it leaves out, and runs on without it.',
    needs: ['keepalivedTest'],
    judge: ({ keepalivedTest: { code, out, err } }) => {
      const said = `${out}\n${err}`.split('\n').filter((line) => line.trim() !== '')
      return code === 0 ? ok('it says nothing') : bad('error', some(said, 3) || `it ended with ${code}`, RENDER)
    },
  }),
  check({
    id: 'keepalived.rendered',
    title: 'keepalived.conf says what apmode render keepalived writes',
    looks: 'each directive of both',
    why: 'Each line has its reason (docs/keepalived.md), and both machines must agree.',
    needs: ['config', 'keepalivedFile'],
    judge: ({ config, keepalivedFile: { tree } }) => {
      const here = new Set(flat(tree))
      const wanted = new Set(flat(parseKeepalived(renderKeepalived(config, config.node))))
      const lost = [...wanted].filter((line) => !here.has(line)).map((line) => `it lacks "${line}"`)
      const more = [...here].filter((line) => !wanted.has(line)).map((line) => `it has "${line}"`)
      const diff = 'apmode render keepalived | diff /etc/keepalived/keepalived.conf -'
      if (lost.length === 0) return unless('note', more, diff, 'no difference')
      return bad('warning', some([...lost, ...more], 4), RENDER)
    },
  }),
  check({
    id: 'keepalived.loaded',
    title: 'the keepalived that runs has the file that is on the disk',
    looks: `the time of ${PATH}, and of keepalived's last start or reload`,
    why: 'What was edited and not loaded comes into force at its next start: in the middle of a failover.',
    needs: ['config', 'units', 'keepalivedFile'],
    judge: ({ config, units, keepalivedFile: { file } }) => {
      const unit = units.get(config.units.find(({ kind }) => kind === 'router')?.name ?? '')
      if (unit === undefined || unit.active !== 'active') return ok('keepalived does not run')
      if (file.changedAtMs <= unit.changedAtMs) return ok('the file is older than its last start or reload')
      const at = (ms: number) => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
      const found = `the file is of ${at(file.changedAtMs)}, keepalived read it at ${at(unit.changedAtMs)}`
      return bad('warning', found, `systemctl reload ${unit.name}`)
    },
  }),
  check({
    id: 'keepalived.script-path',
    title: 'the scripts are there, and nobody but root can change them on their way',
    looks: 'the owner and mode of each script and of every folder above it',
    why: 'keepalived silently disables a script that somebody else could change.',
    needs: ['scripts'],
    judge: ({ scripts }) => {
      const lost = scripts
        .filter(({ there }) => !there)
        .map(({ path }) => `${path} is not there, or cannot be executed`)
      if (lost.length > 0) return bad('error', lost.join('; '), RENDER)
      const weak = [...new Set(scripts.flatMap((script) => script.weak))]
      const mend = `chown root:root ${weak.join(' ')} && chmod go-w ${weak.join(' ')}`
      const faults = weak.map((path) => `${path} can be changed by others`)
      return unless('error', faults, mend, scripts.map(({ path }) => path).join(', ') || 'no scripts')
    },
  }),
]
