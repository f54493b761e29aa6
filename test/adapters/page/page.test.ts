/**
 * The page in a real Chromium, served by the real port: what is seen, by whom, how it follows, and what it can never do.
 * With APMODE_PICTURES=FOLDER it leaves pictures there, to be looked at.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Chromium, startChromium, type Tab, whyNoChromium } from '../../browser/chromium.ts'
import { FAINT_TEXTS, FOCUSED, LIT, TOO_WIDE, textOf } from '../../browser/in-page.ts'
import { AN_ENTRY, RUNS } from '../../fakes/control.ts'
import { ALONE, BALANCER, FOLLOWS, type Served, serve, WHOLE } from './served.ts'

const missing = whyNoChromium()
if (missing !== null && process.env.CI === 'true') throw new Error(`cannot look at the page: ${missing}`)
if (missing !== null) console.warn(`skipped, the page in a browser: ${missing}`)

const HOSTILE = '"><img src=x onerror="window.ran=1"><script>window.ran=1</script>'
const eventually = <T>(claim: () => T | Promise<T>, timeout = 15_000) => vi.waitFor(claim, { timeout, interval: 20 })

describe.skipIf(missing !== null)('the page in a browser', () => {
  let chromium: Chromium
  let served: Served
  let tab: Tab
  /** Addresses that were asked for. */
  let asked: string[]
  /** What the browser complained of, and exceptions. */
  let complaints: string[]

  beforeAll(async () => {
    chromium = await startChromium()
  })
  afterAll(() => chromium?.close())
  beforeEach(async () => {
    served = await serve()
    tab = await chromium.open()
    asked = []
    complaints = []
    tab.on('Network.requestWillBeSent', ({ request }) => asked.push((request as { url: string }).url))
    tab.on('Log.entryAdded', ({ entry }) => complaints.push((entry as { text: string }).text))
    tab.on('Runtime.exceptionThrown', (params) => complaints.push(JSON.stringify(params)))
  })
  afterEach(async () => {
    await tab?.close()
    served?.stop()
  })

  const seen = (selector: string) => tab.evaluate<string>(textOf(selector))
  const says = (selector: string, words: string | RegExp, timeout?: number) =>
    eventually(async () => expect(await seen(selector)).toMatch(words), timeout)

  async function look(width = 1280, scheme: 'light' | 'dark' = 'light'): Promise<void> {
    const mobile = width < 500
    await tab.send('Emulation.setDeviceMetricsOverride', { width, height: 800, deviceScaleFactor: 1, mobile })
    await tab.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] })
    await tab.send('Page.navigate', { url: served.url })
    await says('#live', 'live')
    await says('#timeline', /mode|master/)
  }

  async function picture(name: string): Promise<void> {
    const folder = process.env.APMODE_PICTURES
    if (folder === undefined) return
    const { data } = await tab.send<{ data: string }>('Page.captureScreenshot', { captureBeyondViewport: true })
    writeFileSync(join(folder, `${name}.png`), Buffer.from(data, 'base64'))
  }

  async function press(key: string, code = key): Promise<void> {
    const keyCode = { Tab: 9, Enter: 13 }[key]
    const params = { key, code, windowsVirtualKeyCode: keyCode, ...(key === 'Enter' ? { text: '\r' } : {}) }
    await tab.send('Input.dispatchKeyEvent', { type: 'keyDown', ...params })
    await tab.send('Input.dispatchKeyEvent', { type: 'keyUp', ...params })
  }

  test('shows the pair, its units, its replication, where the table is lit, and what happened', async () => {
    await look()
    expect(await seen('#headline')).toMatch(/^host1 serves, host2 follows\s+✓ all is well$/)
    expect(await seen('#pair')).toMatch(/host1 this machine[\s\S]*host2 192\.168\.33\.102/)
    expect(await seen('#units')).toMatch(/nginx\.service\s+active\s+api\s+disabled/)
    expect(await seen('#replication')).toContain('0 s behind')
    expect(await tab.evaluate(LIT)).toEqual(['masterap ◂ host1', 'backupap ◂ host2'])
    expect(await seen('#timeline')).toMatch(/mariadb\.service is failed[\s\S]*it serves alone now/)
    expect(await seen('footer')).toContain('changes nothing')
    expect(await tab.evaluate("document.querySelector('#why').hidden && document.querySelector('#next').hidden")).toBe(
      true,
    )
    await picture('whole-1280')
  })

  test('of a machine without a database has no word of one', async () => {
    await look()
    served.control.becomes(BALANCER)
    await says('#headline', /^host1 holds the VIP\s+✓ all is well$/)
    expect(await seen('#pair')).not.toMatch(/database|replication|lead|unknown/)
    expect(await seen('#pair')).toContain('host2 (192.168.33.102): is not heard as master')
    expect(await seen('#table')).not.toMatch(/database|replica|commits|read-only/)
    expect(await tab.evaluate("document.querySelector('#replication-part').checkVisibility()")).toBe(false)
    expect(await tab.evaluate(LIT)).toEqual(['masterap ◂ host1'])
    await picture('balancer-1280')
  })

  test('follows a failover as it happens, without being asked', async () => {
    await look()
    await tab.evaluate("document.querySelector('#headline-text').first = true")
    served.control.entries.push({ ...AN_ENTRY, at: '2026-01-02T03:11:00.000Z', sentence: 'it took over' })
    served.control.becomes({ ...ALONE, lastChange: served.control.entries.at(-1) ?? null })
    await says('#headline', /host2 serves alone\s+! worth a look/, 1000)
    expect(await seen('#why')).toContain('the peer acknowledges nothing any more')
    expect(await seen('#next')).toMatch(/apmode rejoin\s+on host1/)
    expect(await seen('#units')).toMatch(/nginx\.service\s+failed/)
    expect(await tab.evaluate(LIT)).toEqual(['masters ◂ host2'])
    await says('#timeline', /^2026-01-02 03:11[\s\S]*it took over/)
    // The same element, so that a screen reader that listens to it is told.
    expect(await tab.evaluate("document.querySelector('[aria-live=polite] #headline-text').first")).toBe(true)
    await picture('alone-1280')
  })

  test('asks its own port and nobody else, and gives the browser no reason to complain', async () => {
    await look()
    served.control.becomes(ALONE)
    await says('#headline', 'host2')
    const paths = asked.filter((url) => !url.startsWith('data:')).map((url) => url.replace(served.url, '/'))
    expect(new Set(paths)).toEqual(new Set(['/', '/events', '/history?n=30']))
    expect(complaints).toEqual([])
    for (const one of served.control.asked) expect(['known', { history: 50 }]).toContainEqual(one)
  })

  test('shows names and sentences as text, whatever they hold', async () => {
    const unit = { ...RUNS, name: HOSTILE, kind: 'api' } as const
    const peer = { ...(WHOLE.peer ?? ALONE.peer), name: HOSTILE } as typeof WHOLE.peer
    const next = { command: HOSTILE, on: HOSTILE, why: HOSTILE }
    const entry = { ...AN_ENTRY, event: HOSTILE, source: HOSTILE, sentence: HOSTILE, at: HOSTILE }
    served.control.entries = [
      { ...entry, steps: [{ ...entry.steps[0], sentence: HOSTILE, ok: false, detail: HOSTILE }] } as typeof AN_ENTRY,
    ]
    const words = { node: HOSTILE, codename: HOSTILE, posture: HOSTILE, reasons: [HOSTILE], problems: [HOSTILE] }
    served.control.statusView = { ...WHOLE, ...words, units: [unit], peer, next, lastChange: entry }
    await look()
    for (const part of ['header', '#headline', '#why', '#next', '#pair', '#units', '#table', '#timeline', 'footer']) {
      expect(await seen(part), part).toContain('<img src=x onerror=')
    }
    expect(await tab.evaluate("document.querySelectorAll('img').length + document.scripts.length")).toBe(1)
    expect(await tab.evaluate('typeof window.ran')).toBe('undefined')
  })

  test('runs nothing that somebody else put into it, and reaches no other place', async () => {
    await look()
    await tab.evaluate(`(() => {
      const script = document.createElement('script')
      script.textContent = 'window.ran = 1'
      document.body.append(script)
      document.body.insertAdjacentHTML('beforeend', '<img src="http://127.0.0.1:9/x" onerror="window.ran = 2">')
    })()`)
    const reached = "fetch('http://127.0.0.1:9/').then(() => 'reached', () => 'not reached')"
    expect(await tab.evaluate(reached)).toBe('not reached')
    expect(await tab.evaluate('typeof window.ran')).toBe('undefined')
    expect(complaints.join('\n')).toMatch(/Content Security Policy/)
  })

  test.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)(
    'is read in the %s at a width of %i: no text is faint, nothing is wider than the window',
    async (scheme, width) => {
      await look(width, scheme)
      for (const status of [WHOLE, ALONE]) {
        served.control.becomes(status)
        await says('#headline', status.node)
        await tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        expect(await tab.evaluate(FAINT_TEXTS)).toEqual([])
        expect(await tab.evaluate(TOO_WIDE)).toBe(0)
      }
      const ground = await tab.evaluate<string>('getComputedStyle(document.body).backgroundColor')
      expect(Number(/\d+/.exec(ground)?.[0]) < 128).toBe(scheme === 'dark')
      await picture(`alone-${scheme}-${width}`)
    },
  )

  test('is gone through by keyboard: skip link first, each stop outlined and in sight', async () => {
    await look(360)
    const stops: string[] = []
    for (let stop = 0; stop < 8; stop++) {
      await press('Tab')
      const focused = await tab.evaluate<{ tag: string; words: string; outlined: boolean; inSight: boolean }>(FOCUSED)
      expect(focused).toMatchObject({ outlined: true, inSight: true })
      stops.push(`${focused.tag} ${focused.words}`)
    }
    expect(stops).toEqual([
      'a Skip to the content',
      'div Units, scrolls',
      'div Decision table, scrolls',
      'summary 2 steps, 1 failed',
      'summary 1 step',
      'a status',
      'a history',
      'a metrics',
    ])
  })

  test('keeps an opened entry open and the focus where it is when something happens', async () => {
    await look()
    await tab.evaluate("document.querySelector('summary').focus()")
    await press('Enter')
    await says('#timeline', 'make the database refuse every write: it hangs')
    served.control.entries.push({ ...AN_ENTRY, at: '2026-01-02T03:11:00.000Z', sentence: 'something new' })
    served.control.becomes({ lastChange: served.control.entries.at(-1) ?? null })
    await says('#timeline', /something new[\s\S]*make the database refuse every write/)
    expect(await tab.evaluate(FOCUSED)).toMatchObject({ tag: 'summary', words: '2 steps, 1 failed' })
  })

  test('tells a screen reader landmarks, headings, heads of tables, the line in words, and what changes', async () => {
    await look()
    interface Said {
      readonly ignored: boolean
      readonly role?: { readonly value: string }
      readonly name?: { readonly value: string }
      readonly description?: { readonly value: string }
      readonly properties?: readonly { readonly name: string; readonly value: { readonly value?: unknown } }[]
    }
    const { nodes } = await tab.send<{ nodes: readonly Said[] }>('Accessibility.getFullAXTree')
    const all = nodes.filter(({ ignored }) => !ignored)
    const named = (role: string) => all.filter((node) => node.role?.value === role).map(({ name }) => name?.value ?? '')
    for (const landmark of ['banner', 'main', 'contentinfo']) expect(named(landmark), landmark).toHaveLength(1)
    expect(named('region')).toEqual(['The pair', 'Units of host1', 'Replication', 'What must hold', 'What happened'])
    // The tree comes level by level.
    expect(named('heading')).toEqual([
      'host1 serves, host2 follows',
      'The pair',
      'Units of host1',
      'Replication',
      'What must hold',
      'What happened',
      'host1 this machine',
      'host2 192.168.33.102',
    ])
    expect(named('columnheader')).toEqual(
      expect.arrayContaining(['unit', 'state', 'mode', 'VRRP', 'database', 'meaning']),
    )
    expect(named('rowheader')).toEqual(expect.arrayContaining(['mariadb.service', 'ap ◂ host1']))
    const picture = all.find(({ role }) => role?.value === 'image')
    expect(picture?.name?.value).toBe('Replication lag')
    expect(picture?.description?.value).toBe('The lag of host2: 0 s now, 0 s at most.')
    const live = all.filter(({ properties = [] }) =>
      properties.some(({ name, value }) => name === 'live' && value.value === 'polite'),
    )
    expect(live.length).toBeGreaterThanOrEqual(2)
  })

  test('draws the lag, and a gap where it is unknown', async () => {
    await look()
    for (const lagSeconds of [3, null, 1]) {
      served.control.becomes({
        peer: { ...(WHOLE.peer ?? ALONE.peer), replication: { ...FOLLOWS, lagSeconds } } as typeof WHOLE.peer,
      })
      await says('#replication', lagSeconds === null ? 'lag unknown' : `${lagSeconds} s behind`)
    }
    await eventually(async () => {
      const path = await tab.evaluate<string>("document.querySelector('#lag path').getAttribute('d')")
      expect(path.match(/M/g)).toHaveLength(2)
    })
    expect(await tab.evaluate("document.querySelector('#lag desc').textContent")).toBe(
      'The lag of host2: 1 s now, 3 s at most.',
    )
    expect(await seen('#lag')).toMatch(/5 s[\s\S]*0 s/)
  })

  test('says that it is not live when there is no place, shows the status all the same, and takes the next free place', async () => {
    served.stop()
    served = await serve({ places: 1 })
    const other = new AbortController()
    const taken = await fetch(`${served.url}events`, { signal: other.signal })
    expect(taken.status).toBe(200)
    await tab.send('Page.navigate', { url: served.url })
    await says('#live', /not live.*no place/)
    await says('#headline', 'host1 serves')
    other.abort()
    await says('#live', '● live', 15_000)
  })

  test('gives its place back when nobody has looked for a minute, and is live again when somebody does', async () => {
    const source = `window.aheadMs = 0
      const now = performance.now.bind(performance)
      performance.now = () => now() + window.aheadMs`
    await tab.send('Page.addScriptToEvaluateOnNewDocument', { source })
    await look()
    const hide = (hidden: boolean) =>
      tab.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))`)
    expect(served.control.listeners.size).toBe(1)
    await hide(true)
    await tab.evaluate('window.aheadMs = 61_000')
    await says('#live', 'paused')
    await eventually(() => expect(served.control.listeners.size).toBe(0))
    await hide(false)
    await says('#live', '● live')
    expect(served.control.listeners.size).toBe(1)
  })

  test('calls what it shows old when the supervisor is silent, and goes on by itself when it is back', async () => {
    await look()
    served.stop()
    await says('#live', /old/, 15_000)
    expect(await tab.evaluate("document.documentElement.classList.contains('stale')")).toBe(true)
    expect(await seen('#headline')).toContain('host1 serves')
    served.control.statusView = ALONE
    await served.start()
    await says('#live', '● live', 15_000)
    await says('#headline', 'host2 serves alone')
  })
})
