/** What the Debian package holds, read from the package itself; nothing is installed here. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makePackage } from '../../scripts/package.ts'

let deb = ''
let folder = ''
const at = (path: string) => join(folder, 'data', path)
const text = (path: string) => readFileSync(at(path), 'utf8')
const run = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: 'utf8', timeout: 60_000 })

beforeAll(async () => {
  deb = process.env.APMODE_DEB ?? (await makePackage())
  folder = mkdtempSync(join(tmpdir(), 'apmode-package-test-'))
  run('dpkg-deb', '--raw-extract', deb, at(''))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the package', () => {
  test('is named by its version and architecture, and needs only what Debian 12 has', () => {
    const field = (name: string) => run('dpkg-deb', '--field', deb, name).trim()
    expect(deb).toMatch(/\/apmode_[0-9][^_]*_amd64\.deb$/)
    expect(deb).toContain(`apmode_${field('Version')}_amd64.deb`)
    for (const needed of ['systemd', 'dbus', 'iproute2']) expect(field('Depends').split(', ')).toContain(needed)
    // A recommended package would be installed by default, and would start its services on the machine.
    expect(field('Recommends')).toBe('')
  })

  test('belongs to root, and nothing in it is writable by others or set-uid', () => {
    const lines = run('dpkg-deb', '--contents', deb).trim().split('\n')
    expect(lines.filter((line) => !/^\S+ root\/root /.test(line))).toEqual([])
    expect(lines.filter((line) => !/^[-d]rw[-x]r-[-x]r-[-x] /.test(line))).toEqual([
      expect.stringMatching(/^drwx------ .* \.\/var\/lib\/apmode\/$/),
    ])
  })

  test.each([
    ['usr/bin/apmode', 0o755],
    ['usr/lib/apmode/node', 0o755],
    ['usr/lib/apmode/apmode.mjs', 0o644],
    ['usr/lib/systemd/system/apmode.service', 0o644],
    ['usr/lib/systemd/system/apmode.socket', 0o644],
    ['usr/lib/systemd/system/ap.service', 0o644],
    ['usr/lib/systemd/system-preset/80-apmode.preset', 0o644],
    ['usr/lib/tmpfiles.d/apmode.conf', 0o644],
    ['usr/share/bash-completion/completions/apmode', 0o644],
    ['usr/share/zsh/vendor-completions/_apmode', 0o644],
    ['usr/share/fish/vendor_completions.d/apmode.fish', 0o644],
    ['usr/share/man/man8/apmode.8.gz', 0o644],
    ['usr/share/man/man5/apmode.toml.5.gz', 0o644],
    ['usr/share/doc/apmode/copyright', 0o644],
    ['usr/share/doc/apmode/changelog.gz', 0o644],
    ['usr/share/doc/apmode/examples/apmode.toml', 0o644],
    ['usr/share/doc/apmode/examples/haproxy-health.cfg', 0o644],
    ['usr/share/doc/apmode/examples/prometheus.yml', 0o644],
    ['usr/share/doc/apmode/examples/alerts.yml', 0o644],
    ['usr/share/doc/apmode/examples/dashboard.json', 0o644],
    ['etc/apmode', 0o755],
    ['var/lib/apmode', 0o700],
  ])('has %s', (path, mode) => {
    expect((statSync(at(path)).mode & 0o777).toString(8)).toBe(mode.toString(8))
  })

  test('brings no configuration: a machine that nobody configured stays as it is', () => {
    expect(readdirSync(at('etc/apmode'))).toEqual([])
    expect(existsSync(at('DEBIAN/conffiles'))).toBe(false)
  })

  test('carries a Node that runs, and a client that needs nothing else', () => {
    const node = at('usr/lib/apmode/node')
    expect(run(node, '--version').trim()).toBe(process.version)
    expect(run(node, at('usr/lib/apmode/apmode.mjs'), '--version')).toContain(
      run('dpkg-deb', '--field', deb, 'Version').trim(),
    )
    expect(run(node, at('usr/lib/apmode/apmode.mjs'), '--help')).toContain('apmode')
  })

  test('has a thin client: small, and loading the rest only when it is needed', () => {
    const loaded = new Set(['apmode.mjs'])
    for (const file of loaded) {
      const source = text(`usr/lib/apmode/${file}`)
      for (const [, other] of source.matchAll(/^(?:import|\} from) ?"\.\/([^"]+)";$/gm)) loaded.add(other ?? '')
      for (const [, lazy] of source.matchAll(/import\("\.\/([^"]+)"\)/g)) {
        expect(existsSync(at(`usr/lib/apmode/${lazy}`)), lazy).toBe(true)
      }
    }
    const sizes = [...loaded].map((file) => statSync(at(`usr/lib/apmode/${file}`)).size)
    expect(sizes.reduce((all, size) => all + size)).toBeLessThan(60_000)
  })

  test('starts without the Node settings of the caller', () => {
    expect(text('usr/bin/apmode')).toContain('unset NODE_OPTIONS NODE_EXTRA_CA_CERTS')
  })

  test('has checksums for every file', () => {
    run('sh', '-c', 'cd "$1" && md5sum --check --strict --quiet DEBIAN/md5sums', 'sh', at(''))
    const listed = text('DEBIAN/md5sums').trim().split('\n').length
    const files = run('find', at(''), '-type', 'f', '-not', '-path', '*/DEBIAN/*').trim().split('\n').length
    expect(listed).toBe(files)
  })

  test.each(['postinst', 'prerm', 'postrm'])('has a %s that a shell can read', (script) => {
    expect(text(`DEBIAN/${script}`)).toMatch(/^#!\/bin\/sh\n/)
    run('sh', '-n', at(`DEBIAN/${script}`))
  })

  test('has a changelog that dpkg reads', () => {
    const changelog = gunzipSync(readFileSync(at('usr/share/doc/apmode/changelog.gz'))).toString()
    expect(changelog).toMatch(/^apmode \([^)]+\) stable; urgency=medium\n\n {2}\* /)
    expect(changelog).toMatch(/\n -- .+ <.+> {2}\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} \+0000\n$/)
  })

  test('is not made again as long as nothing has changed', async () => {
    const outDir = join(folder, 'again')
    const first = await makePackage({ outDir, compression: 1 })
    const { mtimeMs } = statSync(first)
    expect(await makePackage({ outDir, compression: 1 })).toBe(first)
    expect(statSync(first).mtimeMs).toBe(mtimeMs)
  })
})

describe('the units', () => {
  const UNITS = ['apmode.service', 'apmode.socket', 'ap.service']

  test('are what systemd understands', () => {
    // As they would be after the installation: only the program lies elsewhere here.
    for (const unit of UNITS) {
      const installed = text(`usr/lib/systemd/system/${unit}`).replaceAll('/usr/bin/apmode', at('usr/bin/apmode'))
      writeFileSync(join(folder, unit), installed)
    }
    const paths = UNITS.map((unit) => join(folder, unit))
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], {
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  test('leave the supervisor as few rights as systemd calls OK', () => {
    const security = ['security', '--offline=true', `--root=${at('')}`, '--threshold=40', '--no-pager']
    const { status, stdout, stderr } = spawnSync('systemd-analyze', [...security, 'apmode.service'], {
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect(`${stdout}${stderr}`).toMatch(/Overall exposure level/)
    expect(status).toBe(0)
  })

  test.each(UNITS)('%s says why, at every directive that is not self-evident', (unit) => {
    const evident =
      /^(Description|Documentation|ExecStart|ListenStream|Protect\w+|PrivateDevices|Restrict\w+|NoNewPrivileges|LockPersonality|After|StandardError|SyslogIdentifier|WantedBy|Also|Restart|RestartSec|ReadWritePaths|SystemCall\w+)=/
    const lines = text(`usr/lib/systemd/system/${unit}`).split('\n')
    const silent = lines.filter(
      (line, index) => /^\w+=/.test(line) && !evident.test(line) && !lines[index - 1]?.startsWith('#'),
    )
    expect(silent).toEqual([])
  })
})
