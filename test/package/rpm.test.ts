/** What the .rpm holds, read from the package itself and compared with the .deb; nothing is installed on this machine. */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packageVersion } from '../../scripts/build.ts'
import { licenceOf } from '../../scripts/licences.ts'
import { makePackages } from '../../scripts/package.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const isThere = (program: string) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0
const run = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: 'utf8', timeout: 120_000 })
const lines = (text: string) => text.split('\n').filter((line) => line !== '')

/** Debian's own, and what stands for it where there is rpm. */
const ONLY_DEB = [
  '/usr/share/doc/apmode/LICENSE.node.gz',
  '/usr/share/doc/apmode/copyright',
  '/usr/share/lintian/overrides/apmode',
  '/usr/share/zsh/vendor-completions/_apmode',
]
const ONLY_RPM = [
  '/usr/share/licenses/apmode/LICENSE',
  '/usr/share/licenses/apmode/LICENSE.node',
  '/usr/share/licenses/apmode/LICENSE.npm',
  '/usr/share/zsh/site-functions/_apmode',
]

describe.skipIf(!isThere('rpmbuild'))('the .rpm', () => {
  let folder = ''
  let deb = ''
  let rpm = ''
  const ask = (format: string) => run('rpm', '-qp', '--nosignature', '--qf', format, rpm)

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'apmode-rpm-test-'))
    const made = await makePackages(['deb', 'rpm'], { outDir: folder, compression: 1 })
    ;[deb = '', rpm = ''] = made
  }, 300_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('is named by its version and architecture', () => {
    expect(rpm).toBe(join(folder, `apmode-${packageVersion()}-1.x86_64.rpm`))
    expect(ask('%{NAME} %{VERSION} %{ARCH} %{OS}')).toBe(`apmode ${packageVersion()} x86_64 linux`)
  })

  test('holds the files of the .deb with the same modes, but for what each system has of its own', () => {
    const inRpm = lines(ask('[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILENAMES}\\n]'))
    const inDeb = lines(run('dpkg-deb', '--contents', deb)).map((line) => {
      const [mode = '', owner = '', , , , path = ''] = line.split(/\s+/)
      return `${mode} ${owner} ${path.slice(1)}`
    })
    const files = (all: readonly string[], without: readonly string[]) =>
      all.filter((line) => line.startsWith('-') && !without.includes(line.split(' ').at(-1) ?? '')).sort()
    const paths = inRpm.map((line) => line.split(' ').at(-1))
    expect(files(inRpm, ONLY_RPM)).toEqual(files(inDeb, ONLY_DEB))
    expect(paths).toEqual(expect.arrayContaining(ONLY_RPM))
    for (const path of ONLY_DEB) expect(paths).not.toContain(path)
    // The folders that are its own, and no other: /usr/bin belongs to the system.
    expect(inRpm.filter((line) => line.startsWith('d'))).toEqual([
      'drwxr-xr-x root/root /etc/apmode',
      'drwxr-xr-x root/root /usr/lib/apmode',
      'drwxr-xr-x root/root /usr/share/doc/apmode',
      'drwxr-xr-x root/root /usr/share/doc/apmode/examples',
      'drwxr-xr-x root/root /usr/share/licenses/apmode',
      'drwx------ root/root /var/lib/apmode',
    ])
  })

  test('needs what the supervisor drives and what the packed Node is linked against, and recommends nothing', () => {
    const needed = lines(ask('[%{REQUIRES}\\n]'))
    for (const name of ['systemd', 'dbus', 'iputils', '(iproute or iproute2)', '/bin/sh'])
      expect(needed).toContain(name)
    expect(needed.filter((name) => name.startsWith('libstdc++.so.6('))).not.toEqual([])
    expect(ask('[%{RECOMMENDS}\\n]')).toBe('')
    // All of the rest is the C library's and rpm's own: nothing of the machine that built it.
    const known =
      /^(lib(c|m|dl|pthread|gcc_s|stdc\+\+|atomic)\.so|ld-linux|rtld|rpmlib|\/bin\/sh$|systemd$|dbus$|iputils$|\(iproute)/
    expect(needed.filter((name) => !known.test(name))).toEqual([])
  })

  test('leaves no question of licence open: an expression, every text, and what is inside by name and version', () => {
    const packages = lines(ask('[%{PROVIDES} %{PROVIDEVERSION}\\n]')).flatMap((line) => {
      const [, name, version] = /^bundled\(npm\((.+)\)\) (.+)$/.exec(line) ?? []
      return name === undefined ? [] : [{ name, version }]
    })
    expect(packages.map(({ name }) => name)).toEqual(expect.arrayContaining(['commander', 'mysql2', 'pino', 'xstate']))
    const expression = ask('%{LICENSE}')
    expect(expression).toMatch(/^MIT AND /)
    const texts = run('sh', '-c', 'rpm2cpio "$1" | cpio --quiet -i --to-stdout "./usr/share/licenses/*"', 'sh', rpm)
    expect(texts).toContain(readFileSync(join(ROOT, 'LICENSE'), 'utf8').trim())
    expect(texts).toContain('Node.js is licensed for use as follows')
    for (const { name, version } of packages) {
      const licence = licenceOf(ROOT, name)
      expect(licence.version).toBe(version)
      expect(expression.split(' AND ')).toContain(licence.spdx)
      expect(texts).toContain(licence.text.replaceAll('\r', '').trim())
    }
  })

  test.each(['POSTIN', 'PREUN', 'POSTUN'])('has a scriptlet %s that a shell can read', (name) => {
    const file = join(folder, name)
    writeFileSync(file, `#!/bin/sh\n${ask(`%{${name}}`)}\n`)
    run('sh', '-n', file)
    if (isThere('shellcheck')) run('shellcheck', file)
  })

  test('can be unpacked as rpm unpacks it, with a client that runs', () => {
    const root = join(folder, 'root')
    const quiet = ['--nodeps', '--noscripts', '--nosignature', '--force-debian', '--dbpath', '/var/lib/rpm']
    run('rpm', '--root', root, ...quiet, '-i', rpm)
    expect(run('rpm', '--root', root, '--dbpath', '/var/lib/rpm', '-V', '--nodeps', 'apmode')).toBe('')
    const node = join(root, 'usr/lib/apmode/node')
    expect(run(node, join(root, 'usr/lib/apmode/apmode.mjs'), '--version')).toContain(packageVersion())
    expect(statSync(join(root, 'var/lib/apmode')).mode & 0o777).toBe(0o700)
    expect(readdirSync(join(root, 'etc/apmode'))).toEqual([])
  })

  test('is the same, byte for byte, when it is made again', async () => {
    const other = join(folder, 'again')
    const [again = ''] = await makePackages(['rpm'], { outDir: other, compression: 1 })
    expect(readFileSync(again).equals(readFileSync(rpm))).toBe(true)
    copyFileSync(again, join(folder, 'kept'))
    const { mtimeMs } = statSync(again)
    await makePackages(['rpm'], { outDir: other, compression: 1 })
    expect(statSync(again).mtimeMs).toBe(mtimeMs)
  }, 300_000)
})
