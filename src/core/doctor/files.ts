/** The checks of apmode's own files: who can change them, and are they what they should be. Data. */
import { bad, type Check, check, ok, unless } from './check.ts'
import type { PathFact } from './look.ts'

const FIFO = '/run/apmode/vrrp.fifo'
const UNFIT = '/run/apmode/vrrp.unfit'
const MAKE = 'systemd-tmpfiles --create apmode.conf'

const octal = (mode: number) => mode.toString(8).padStart(4, '0')

/** What is wrong with a path that is root's; `forbidden`: permission bits that nobody may have. */
function faultsOf(fact: PathFact, kind: PathFact['kind'], forbidden: number): string[] {
  const faults = fact.kind === kind ? [] : [`${fact.path} is a ${fact.kind}, expected a ${kind}`]
  if (fact.uid !== 0) faults.push(`${fact.path} belongs to user ${fact.uid}, expected root`)
  if ((fact.mode & forbidden) !== 0) faults.push(`${fact.path} has mode ${octal(fact.mode)}`)
  return faults
}

export const FILES: readonly Check[] = [
  check({
    id: 'files.configuration',
    title: 'apmode.toml has no fault',
    looks: 'the configuration, as apmode config check does',
    why: 'A supervisor that starts with a faulty file does nothing; one that runs keeps the old configuration.',
    needs: ['configuration'],
    judge: ({ configuration: { path, faults } }) => unless('error', faults, 'apmode config check', path),
  }),
  check({
    id: 'files.loaded',
    title: 'the supervisor has the configuration that is on the disk',
    looks: 'the fingerprint of apmode.toml, and the one that the supervisor says in apmode.node',
    why: 'What was edited and not loaded comes into force at the next restart, at a moment that nobody chose.',
    needs: ['fingerprint', 'ownWord'],
    judge: ({ fingerprint, ownWord }) => {
      if (ownWord === null) return ok('the supervisor has not said anything yet')
      if (ownWord.configuration === fingerprint) return ok(`both are ${fingerprint}`)
      const found = `the file is ${fingerprint}, the supervisor runs with ${ownWord.configuration}`
      return bad('warning', found, 'apmode config check && systemctl reload apmode')
    },
  }),
  check({
    id: 'files.password',
    title: "the replication password is root's alone",
    looks: 'the file in database.replication_password_file: owner, mode, content',
    why: 'Who reads it reads every row of both databases; where it is missing no replica can follow.',
    needs: ['password', 'config'],
    judge: ({ password, config }) => {
      const path = config.database.replicationPasswordFile
      if (password === null) return ok(path)
      return bad('error', password, `chown root:root ${path} && chmod 0600 ${path}`)
    },
  }),
  check({
    id: 'files.fifo',
    title: "keepalived's FIFO is a FIFO of root's",
    looks: FIFO,
    why: 'Who can write there can tell the supervisor that keepalived said MASTER; without it no event arrives.',
    needs: ['fifo'],
    judge: ({ fifo }) => {
      if (fifo === null) return bad('error', `${FIFO} is not there`, MAKE)
      const mend = fifo.kind === 'fifo' ? `chown root:root ${FIFO} && chmod 0600 ${FIFO}` : `rm -r ${FIFO} && ${MAKE}`
      return unless('error', faultsOf(fifo, 'fifo', 0o077), mend, `a FIFO, root, mode ${octal(fifo.mode)}`)
    },
  }),
  check({
    id: 'files.unfit',
    title: "keepalived's tracked file holds 0 or 1 and is root's",
    looks: UNFIT,
    why: 'keepalived takes a missing file, or one that it cannot read, for fit; who can write there can move the VIP.',
    needs: ['unfit'],
    judge: ({ unfit: { file, text } }) => {
      if (file === null) return bad('error', `${UNFIT} is not there`, `${MAKE} && systemctl restart apmode`)
      const faults = faultsOf(file, 'file', 0o022)
      const holds = /^[01]\n?$/.test(text)
      if (!holds) faults.push(`${UNFIT} holds something else than 0 or 1`)
      const mend = holds ? `chown root:root ${UNFIT} && chmod 0644 ${UNFIT}` : 'systemctl restart apmode'
      return unless('error', faults, mend, `${text.trim()} (${text.trim() === '1' ? 'unfit' : 'fit'})`)
    },
  }),
  check({
    id: 'files.mode',
    title: "the mode file can be understood and is root's",
    looks: 'mode_file: content, owner, mode',
    why: 'What it says is what holds here; one that cannot be understood fences the machine.',
    needs: ['modeFile', 'config'],
    judge: ({ modeFile: { mode, problem, file }, config: { modeFile: path } }) => {
      if (problem !== null) return bad('error', problem, 'apmode set m')
      if (file === null) return bad('note', `there is no ${path}: no mode has been set`, 'apmode set ap --now')
      const mend = `chown root:root ${path} && chmod 0644 ${path}`
      return unless('error', faultsOf(file, 'file', 0o022), mend, `${path} says ${mode}`)
    },
  }),
  check({
    id: 'files.hooks',
    title: 'every hook is run, and nobody but root can change one',
    looks: '/etc/apmode/hooks.d: the name, owner and mode of each program, and of the folders above it',
    why: 'Hooks run as root; one that somebody else could have written is left out, and a veto with it.',
    needs: ['hooks'],
    judge: ({ hooks: { names, refused } }) => {
      const folder = '/etc/apmode/hooks.d'
      const mend = `chown -R root:root ${folder} && chmod -R go-w ${folder} && ls -l ${folder}`
      return unless('warning', refused, mend, names.length === 0 ? 'there is none' : names.join(', '))
    },
  }),
  check({
    id: 'files.state',
    title: "state and history are root's alone",
    looks: '/var/lib/apmode and state.json in it',
    why: 'There stands whether this machine may lead after a power cut; who can change it can bring stale data back.',
    needs: ['state'],
    judge: ({ state: { folder, file } }) => {
      if (folder === null) {
        return bad(
          'error',
          '/var/lib/apmode is not there',
          'install -d -m 0700 /var/lib/apmode && systemctl restart apmode',
        )
      }
      const faults = [...faultsOf(folder, 'folder', 0o077), ...(file === null ? [] : faultsOf(file, 'file', 0o022))]
      const mend = 'chown -R root:root /var/lib/apmode && chmod 0700 /var/lib/apmode && chmod -R go-w /var/lib/apmode'
      return unless('error', faults, mend, `/var/lib/apmode, root, mode ${octal(folder.mode)}`)
    },
  }),
]
