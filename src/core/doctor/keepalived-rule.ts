/** The form of a check that is about one instance of keepalived.conf: what is wrong in it, mended by writing the file anew. */
import type { Config } from '../config.ts'
import { bad, type Check, check, type Group, unless } from './check.ts'
import { type Directive, instanceOf } from './keepalived-file.ts'

export const RENDER_KEEPALIVED =
  'apmode render keepalived > /etc/keepalived/keepalived.conf && systemctl try-reload-or-restart keepalived'

interface Parts {
  readonly config: Config
  readonly tree: readonly Directive[]
  readonly instance: readonly Directive[]
}

interface Rule {
  readonly id: `${Group}.${string}`
  readonly title: string
  readonly looks: string
  readonly why: string
  wrong(file: Parts): readonly string[]
  /** What is found where nothing is wrong. */
  good(file: Parts): string
}

export function rule({ id, title, looks, why, wrong, good }: Rule): Check {
  return check({
    id,
    title,
    looks,
    why,
    needs: ['config', 'keepalivedFile'],
    judge: ({ config, keepalivedFile: { tree } }) => {
      const instance = instanceOf(tree, config.vrrp.instance)
      if (instance === null) return bad('error', `there is no vrrp_instance ${config.vrrp.instance}`, RENDER_KEEPALIVED)
      const parts = { config, tree, instance }
      return unless('error', wrong(parts), RENDER_KEEPALIVED, good(parts))
    },
  })
}
