/**
 * The page of a real pair, in a real Chromium on the client's side of the network: what both machines tell of each other, and a
 * failover as it is seen by whoever has the page open. What the page does otherwise is in test/adapters/page.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Chromium, startChromium, type Tab, whyNoChromium } from '../browser/chromium.ts'
import { FAINT_TEXTS, LIT, textOf } from '../browser/in-page.ts'
import { type ApmodePair, CONFIG, type Machine, startApmodePair } from './apmode-pair.ts'
import { whyNoLab } from './lab/requirements.ts'

const obstacle = whyNoLab() ?? whyNoChromium()
if (obstacle !== null && process.env.CI === 'true') throw new Error(`cannot look at the page of a pair: ${obstacle}`)
const PORT = 8008
const config = `${CONFIG}
[health]
listen = "0.0.0.0:${PORT}"
`

describe.skipIf(obstacle !== null)('the page of a pair', () => {
  let pair: ApmodePair
  let chromium: Chromium
  let first: Tab
  let second: Tab

  beforeAll(async () => {
    pair = await startApmodePair({ config, progress: (sentence) => process.stderr.write(`${sentence}\n`) })
    chromium = await startChromium(pair.names.clientNamespace)
    first = await pageOf(pair.host1)
    second = await pageOf(pair.host2)
  })
  afterAll(async () => {
    await chromium?.close()
    await pair?.stop()
  })

  async function pageOf(machine: Machine): Promise<Tab> {
    const tab = await chromium.open()
    await tab.send('Emulation.setDeviceMetricsOverride', {
      width: 1280,
      height: 1470,
      deviceScaleFactor: 1,
      mobile: false,
    })
    await tab.send('Page.navigate', { url: `http://${machine.address}:${PORT}/` })
    return tab
  }

  const says = (tab: Tab, selector: string, words: string | RegExp, timeout = 20_000) =>
    vi.waitFor(async () => expect(await tab.evaluate<string>(textOf(selector))).toMatch(words), {
      timeout,
      interval: 50,
    })

  /** For the documents, with APMODE_PICTURES=FOLDER. */
  async function picture(tab: Tab, name: string): Promise<void> {
    const folder = process.env.APMODE_PICTURES
    if (folder === undefined) return
    await tab.send('Page.bringToFront')
    await tab.send('Emulation.setScrollbarsHidden', { hidden: true })
    for (const format of ['webp', 'png'] as const) {
      const params = { format, ...(format === 'webp' ? { quality: 80 } : {}) }
      const { data } = await tab.send<{ data: string }>('Page.captureScreenshot', params)
      writeFileSync(join(folder, `${name}.${format}`), Buffer.from(data, 'base64'))
    }
  }

  test('tells on both machines who serves, how the other one is in its own words, and that all is well', async () => {
    await says(first, '#headline', /^host1 serves, host2 follows\s+✓ all is well$/)
    await says(second, '#headline', /^host1 serves, host2 stands by\s+✓ all is well$/)
    for (const tab of [first, second]) {
      await says(tab, '#live', '● live')
      await says(tab, '#units', /mariadb\.service\s+active/)
      await says(tab, '#replication', /host2 receives and applies from 192\.168\.33\.101:3306, \d+ s behind/)
      await says(tab, '#timeline', /keepalived/)
      await vi.waitFor(
        async () =>
          expect((await tab.evaluate<string[]>(LIT)).sort()).toEqual(['backupap ◂ host2', 'masterap ◂ host1']),
        { timeout: 20_000, interval: 50 },
      )
      expect(await tab.evaluate(FAINT_TEXTS)).toEqual([])
    }
    await picture(first, 'page')
  })

  test('tells the same to curl as to the page', async () => {
    const { stdout } = await pair.host1.exec(['curl', '-sS', '--max-time', '3', `http://127.0.0.1:${PORT}/events`])
    expect(stdout).toMatch(/^retry: 1000\n\nevent: beat\ndata: \{"at":".*Z"\}\n\nevent: status\ndata: \{"node":"host1"/)
  })

  test('follows a failover as it happens, on the machine that takes over and on the one that fails', async () => {
    await pair.host1.must(['systemctl', 'kill', '-s', 'KILL', 'mariadb'])
    await says(second, '#headline', /^host2 serves alone/)
    await vi.waitFor(async () => expect(await second.evaluate<string[]>(LIT)).toContain('masters ◂ host2'), {
      timeout: 20_000,
      interval: 50,
    })
    await says(second, '#timeline', /mode ap → s/)
    await says(second, '#next', /apmode rejoin\s+on host1/)
    await says(first, '#headline', /^host2 serves, host1 is in maintenance/)
    await says(first, '#timeline', /mode ap → m/)
    await second.evaluate("document.querySelector('#timeline details').open = true")
    await second.evaluate("document.querySelector('#timeline').scrollIntoView()")
    await picture(second, 'failover')
  })

  test('goes on by itself when the supervisor is replaced, and changes nothing', async () => {
    let streams = 0
    second.on('Network.requestWillBeSent', ({ request }) => {
      if ((request as { url: string }).url.endsWith('/events')) streams += 1
    })
    await pair.host2.must(['systemctl', 'restart', 'apmode'])
    await vi.waitFor(() => expect(streams).toBeGreaterThan(0), { timeout: 20_000, interval: 50 })
    await says(second, '#live', '● live')
    // Said by the new one: nothing else ends a unit that the machine needs.
    await pair.host2.must(['systemctl', 'stop', 'api'])
    await says(second, '#units', /api\.service\s+inactive/)
    await pair.host2.must(['systemctl', 'start', 'api'])
    await says(second, '#units', /api\.service\s+active/)
    expect(await pair.host2.modeFile()).toBe('s')
  })
})
