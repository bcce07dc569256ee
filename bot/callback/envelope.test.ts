import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { maxBodyBytes, readBody, readEnvelope } from './envelope.ts'

const around = (inner: string) =>
  `<xml><ToUserName><![CDATA[ww1]]></ToUserName>${inner}<AgentID><![CDATA[1000002]]></AgentID></xml>`

describe('the envelope of a callback', () => {
  it.each([
    ['in CDATA', around('<Encrypt><![CDATA[abc+/9==]]></Encrypt>')],
    ['as plain text', around('<Encrypt>abc+/9==</Encrypt>')],
    ['between line breaks', `\n ${around('\n<Encrypt>\n <![CDATA[abc+/9==]]>\n</Encrypt>\n')} \r\n`],
    ['behind a byte order mark', `\ufeff${around('<Encrypt>abc+/9==</Encrypt>')}`],
    ['before fields that are not known', around('<Encrypt>abc+/9==</Encrypt><New><A>1</A></New>')],
  ])('holds the ciphertext %s', (_what, body) => {
    expect(readEnvelope(body)).toBe('abc+/9==')
  })

  it.each([
    ['is empty', ''],
    ['is JSON', '{"Encrypt":"YQ=="}'],
    ['is another document', '<html><Encrypt>YQ==</Encrypt></html>'],
    ['goes on behind its end', `${around('<Encrypt>YQ==</Encrypt>')}<x/>`],
    ['has no ciphertext', around('')],
    ['has an empty ciphertext', around('<Encrypt></Encrypt><Encrypt/>')],
    ['has two', around('<Encrypt>YQ==</Encrypt><Encrypt>Yg==</Encrypt>')],
    ['hides one in a text', around('<T><![CDATA[<Encrypt>YQ==</Encrypt>]]></T><Encrypt>Yg==</Encrypt>')],
    ['has one that is nothing beside one that is', around('<Encrypt>&</Encrypt><Encrypt>YQ==</Encrypt>')],
    ['has entities in it', around('<Encrypt>YQ&a;==</Encrypt>')],
    ['has elements in it', around('<Encrypt><b>YQ==</b></Encrypt>')],
    ['has an attribute on it', around('<Encrypt id="1">YQ==</Encrypt>')],
    ['writes it in lower case', around('<encrypt>YQ==</encrypt>')],
    ['has full-width letters in it', around('<Encrypt>ＹＱ==</Encrypt>')],
    ['leaves it open', around('<Encrypt>YQ==')],
  ])('is malformed when it %s', (_what, body) => {
    expect(() => readEnvelope(body)).toThrow(expect.objectContaining({ code: 'malformed', status: 400 }))
  })

  it('is judged quickly however it is made', () => {
    // In time of the processor: how much of it others get does not count.
    const began = process.cpuUsage()
    for (const inner of ['<Encrypt>', '<Encrypt>A', '<Encrypt> ', 'A'.repeat(9), '<Encrypt><![CDATA[A']) {
      const body = around(inner.repeat(Math.floor((maxBodyBytes - 200) / inner.length)))
      expect(() => readEnvelope(body)).toThrow(expect.objectContaining({ code: 'malformed' }))
    }
    for (const inner of [' ', 'A']) {
      const body = around(`<Encrypt>${inner.repeat(maxBodyBytes - 200)}`)
      expect(() => readEnvelope(body)).toThrow(expect.objectContaining({ code: 'malformed' }))
    }
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(2_000)
  })
})

describe('the body of a callback', () => {
  function request(chunks: (string | Buffer)[], length?: number): IncomingMessage {
    const message = new IncomingMessage(new Socket())
    if (length !== undefined) message.headers['content-length'] = String(length)
    for (const chunk of chunks) message.push(chunk)
    message.push(null)
    return message
  }

  it('is read as UTF-8, also where a character comes in two parts', async () => {
    const bytes = Buffer.from('<xml>退款🙂</xml>')
    const parts = [bytes.subarray(0, 6), bytes.subarray(6, 13), bytes.subarray(13)]
    expect(await readBody(request(parts, bytes.length))).toBe('<xml>退款🙂</xml>')
    expect(await readBody(request(parts))).toBe('<xml>退款🙂</xml>')
  })

  it('may be 1 MiB and no more, with or without a declared length', async () => {
    expect(await readBody(request(['x'.repeat(maxBodyBytes)]))).toHaveLength(maxBodyBytes)
    for (const length of [maxBodyBytes + 1, undefined]) {
      await expect(readBody(request(['x'.repeat(maxBodyBytes + 1)], length))).rejects.toMatchObject({
        code: 'too_large',
        status: 413,
      })
    }
  })

  it('is malformed when it breaks off', async () => {
    const broken = new IncomingMessage(new Socket())
    const reading = readBody(broken)
    broken.push('<xml>')
    broken.destroy(new Error('aborted'))
    await expect(reading).rejects.toMatchObject({ code: 'malformed', cause: { message: 'aborted' } })
  })

  it('is malformed when it is compressed, whatever it would be', async () => {
    const [plain, compressed] = [request(['<xml></xml>']), request(['<xml></xml>'])]
    plain.headers['content-encoding'] = 'identity'
    compressed.headers['content-encoding'] = 'gzip'
    expect(await readBody(plain)).toBe('<xml></xml>')
    await expect(readBody(compressed)).rejects.toMatchObject({ code: 'malformed' })
  })
})
