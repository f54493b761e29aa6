/**
 * The texts that Debian wants in a package and that follow from what is packed: control, changelog, copyright.
 * Invariant: each is made from facts alone (version, npm packages in the bundle, CHANGELOG.md), so that equal inputs give
 * equal bytes. Never writes a file.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Licence } from '../licences.ts'

const MAINTAINER = 'apmode authors <apmode@localhost>'

/** `Installed-Size` is in KiB, rounded up (deb-control(5)). */
export function control(version: string, installedKiB: number): string {
  return [
    'Package: apmode',
    `Version: ${version}`,
    'Architecture: amd64',
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${installedKiB}`,
    // libc, libgcc and libstdc++ are what the packed Node is linked against; systemd, the bus and `ip` are what apmode drives,
    // and `ping` asks the witness.
    'Depends: systemd, dbus, iproute2, iputils-ping, libc6 (>= 2.28), libgcc-s1, libstdc++6',
    // No Recommends: installing the package brings no service of its own to the machine.
    'Suggests: keepalived, mariadb-server',
    'Section: admin',
    'Priority: optional',
    'Description: supervisor of a highly available pair',
    ' Two machines run the same services: a database (MariaDB), an API server and',
    ' a router (keepalived), which gives one of them the virtual IP. apmode is the',
    ' brain on each machine: it knows the mode of the machine, hears what keepalived',
    ' says, and makes systemd and MariaDB match, so that never two databases are',
    ' writable and no acknowledged write is lost.',
    ' .',
    ' The package carries its own Node runtime.',
    '',
  ].join('\n')
}

/**
 * Debian's form (deb-changelog(5)) of CHANGELOG.md: one entry, with the points under the heading of this version, or
 * under `Unreleased`. Without such a heading the entry points to the repository's history.
 */
export function changelog(version: string, markdown: string, when: Date): string {
  const sections = markdown.split(/^## /m).slice(1)
  const section =
    sections.find((text) => text.includes(version.split('+')[0] ?? version)) ??
    sections.find((text) => /unreleased/i.test(text.split('\n')[0] ?? ''))
  const points = (section ?? '')
    .split(/^[-*] /m)
    .slice(1)
    .map((point) => (point.split(/\n\s*\n|\n#/)[0] ?? '').replace(/\s+/g, ' ').trim())
  const lines = (points.length > 0 ? points : ['See the history of the repository.']).flatMap(wrapPoint)
  // RFC 5322 with a numeric zone, as dpkg wants it; Date gives the name of the zone.
  const date = when.toUTCString().replace('GMT', '+0000')
  return `apmode (${version}) stable; urgency=medium\n\n${lines.join('\n')}\n\n -- ${MAINTAINER}  ${date}\n`
}

function wrapPoint(point: string): string[] {
  const lines: string[] = []
  let line = '  *'
  for (const word of point.split(' ')) {
    if (line.length + 1 + word.length > 80) {
      lines.push(line)
      line = '   '
    }
    line += ` ${word}`
  }
  return [...lines, line]
}

/** The machine-readable copyright file: apmode's own licence, Node's (as a file beside it), and each bundled npm package's text. */
export function copyright(root: string, npm: readonly Licence[]): string {
  const own = readFileSync(join(root, 'LICENSE'), 'utf8')
  const holder = /^Copyright \(c\) (.*)$/m.exec(own)?.[1] ?? 'the apmode authors'
  const header = [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    'Upstream-Name: apmode',
    'Comment: The runtime /usr/lib/apmode/node is Node.js as its makers build it; its licences are in',
    ' /usr/share/doc/apmode/LICENSE.node.gz. The bundles in /usr/lib/apmode contain the packages listed below.',
    '',
    'Files: *',
    `Copyright: ${holder}`,
    'License: Expat',
    indented(own.slice(own.indexOf('Permission is'))),
    '',
  ]
  const bundled = npm.flatMap(({ name, version, text }) => {
    const copyrights = text.split('\n').filter((line) => /^\s*(\/\/)?\s*copyright .*\d/i.test(line))
    const holders = copyrights.length > 0 ? copyrights.map((line) => line.trim()).join('\n ') : `the authors of ${name}`
    // Debian has that text on every machine, and wants it nowhere else.
    const apache = /Apache License\s+Version 2\.0/.test(text)
    const licence = apache ? 'Apache-2.0: see /usr/share/common-licenses/Apache-2.0' : text
    const short = `npm-${name.replace(/[^a-z0-9.]+/gi, '-').replace(/^-/, '')}`
    return [
      `Files: usr/lib/apmode/*`,
      `Copyright: ${holders}`,
      `License: ${short}`,
      ` npm package ${name} ${version}:`,
      ' .',
      indented(licence),
      '',
    ]
  })
  return [...header, ...bundled].join('\n')
}

/** A field's following lines: each begins with a space, an empty one is a dot. */
function indented(text: string): string {
  return text
    .trim()
    .split(/\r?\n/)
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
    .join('\n')
}
