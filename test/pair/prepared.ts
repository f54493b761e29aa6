/**
 * The layer that the machines of most pairs begin with: the package is installed, and what else a recipe needs of Debian;
 * the account of replication is made by what `apmode render grants` says; MariaDB and keepalived do not start at boot. Made once for each package. A test of the set-up
 * itself does all that on each machine (`asAnOperator`, test/pair/init.test.ts, test/package).
 * Invariant: what is in it came from the package and from Debian.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { must } from './lab/command.ts'
import type { Progress } from './lab/image.ts'
import { ensureLayer } from './lab/layer.ts'
import type { LabNode } from './lab/node.ts'

export const CONFIG_FILE = '/etc/apmode/apmode.toml'
export const SECRET_FILE = '/etc/apmode/replication.password'
/** In the machine, while the layer is made. */
const PLACE = '/root/packages'

/** Above the image: the package, and what else from Debian (a folder with .debs). */
export interface Begin {
  readonly packagePath: string
  readonly debs?: string | null
  /** The pair that the account of replication is for; not given: none. */
  readonly account?: { readonly config: string; readonly secret: string }
}

const INSTALL = `export DEBIAN_FRONTEND=noninteractive
cd ${PLACE}
[ ! -d others ] || dpkg --force-confold --force-unsafe-io --install others/*.deb
apt-get -q install -y --no-install-recommends ./apmode_0_amd64.deb
cd /
rm -r ${PLACE}
systemctl disable mariadb keepalived
`

const GRANT = `chmod 600 ${SECRET_FILE}
install -d -o mysql -g mysql /run/mysqld
{ echo 'FLUSH PRIVILEGES;'; apmode render grants --node host1; } |
  mariadbd --no-defaults --user=mysql --datadir=/var/lib/mysql --bootstrap
rm -rf /run/mysqld /run/apmode ${SECRET_FILE} ${CONFIG_FILE}
`

export function preparedLayer(image: string, begin: Begin, progress: Progress): Promise<string | null> {
  const { packagePath, debs = null, account } = begin
  const others = debs === null ? [] : readdirSync(debs).filter((name) => name.endsWith('.deb'))
  const files = {
    [`${PLACE}/apmode_0_amd64.deb`]: readFileSync(packagePath),
    ...Object.fromEntries(others.map((name) => [`${PLACE}/others/${name}`, readFileSync(join(debs ?? '', name))])),
    ...(account === undefined ? {} : { [CONFIG_FILE]: account.config, [SECRET_FILE]: `${account.secret}\n` }),
  }
  return ensureLayer({ image, files, script: account === undefined ? INSTALL : `${INSTALL}${GRANT}` }, progress)
}

/** For `provision`: what an operator renders, while the machine is off. */
export async function renderInto(node: LabNode, rendered: Readonly<Record<string, string>>): Promise<void> {
  for (const [what, path] of Object.entries(rendered)) {
    const argv = ['chroot', node.root, 'apmode', 'render', what, '--node', node.name]
    await node.writeFile(path, (await must(argv, { timeoutMs: 10_000 })).stdout)
  }
}
