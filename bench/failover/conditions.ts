/** On what was measured: the computer, and the versions of what ran. */
import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'
import { packageVersion } from '../../scripts/build.ts'
import { ensureImage } from '../../test/pair/lab/image.ts'

export interface Conditions {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memoryGb: number; readonly kernel: string }
  /** Versions, by program. */
  readonly software: Readonly<Record<string, string>>
}

/** `programs`: Debian packages of the machines' image. */
export async function conditionsHere(
  programs: readonly ('MariaDB' | 'keepalived' | 'systemd')[],
  say: (line: string) => void,
): Promise<Conditions> {
  const image = await ensureImage(say)
  const version = (program: string) =>
    execFileSync('chroot', [image, 'dpkg-query', '-W', '-f', `\${Version}`, program], {
      encoding: 'utf8',
      timeout: 10_000,
    })
  const names = programs.map((name) => [name, version(name === 'MariaDB' ? 'mariadb-server' : name)] as const)
  return {
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'an unknown processor',
      cores: cpus().length,
      memoryGb: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
    },
    software: { apmode: packageVersion(), ...Object.fromEntries(names) },
  }
}
