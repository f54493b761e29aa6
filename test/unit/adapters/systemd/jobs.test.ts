import { describe, expect, it } from 'vitest'
import { Jobs } from '../../../../src/adapters/systemd/jobs.ts'

describe('jobs', () => {
  it('a result that came before anybody waits is kept', async () => {
    const jobs = new Jobs()
    jobs.removed('/job/1', 'done')
    expect(await jobs.end('/job/1').ended).toEqual({ result: 'done', word: 'done' })
  })

  it('a result reaches everybody who waits for that job, and nobody else', async () => {
    const jobs = new Jobs()
    const first = jobs.end('/job/1').ended
    const second = jobs.end('/job/1').ended
    const other = jobs.end('/job/2')
    jobs.removed('/job/1', 'canceled')
    expect((await first).result).toBe('canceled')
    expect((await second).result).toBe('canceled')
    other.abandon('enough')
    await expect(other.ended).rejects.toBe('enough')
  })

  it('a word that the port does not know is a failure, and is kept for the sentence', async () => {
    const jobs = new Jobs()
    jobs.removed('/job/1', 'assert')
    expect(await jobs.end('/job/1').ended).toEqual({ result: 'failed', word: 'assert' })
  })

  it('a lost bus rejects whoever waits and forgets the results of before', async () => {
    const jobs = new Jobs()
    jobs.removed('/job/1', 'done')
    const waiting = jobs.end('/job/2').ended
    jobs.lost('gone')
    await expect(waiting).rejects.toBe('gone')
    const after = jobs.end('/job/1')
    after.abandon('not kept')
    await expect(after.ended).rejects.toBe('not kept')
  })

  it('results of jobs that nobody asks for do not pile up', async () => {
    const jobs = new Jobs()
    for (let job = 0; job <= 1000; job += 1) jobs.removed(`/job/${job}`, 'done')
    const oldest = jobs.end('/job/0')
    oldest.abandon('dropped')
    await expect(oldest.ended).rejects.toBe('dropped')
    expect((await jobs.end('/job/1000').ended).result).toBe('done')
  })
})
