import { serialize } from 'bson'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDocument } from './documents.ts'
import { MongoError } from './errors.ts'
import { createFramer, encodeMessage, parseMessage, WireError } from './wire.ts'

function opMsg(sections: Buffer[], flags = 0): Buffer {
  const body = Buffer.concat(sections)
  const head = Buffer.alloc(20)
  head.writeInt32LE(20 + body.length, 0)
  head.writeInt32LE(7, 4)
  head.writeInt32LE(2013, 12)
  head.writeUInt32LE(flags, 16)
  return Buffer.concat([head, body])
}

const body = (doc: object) => Buffer.concat([Buffer.from([0]), serialize(doc)])

function sequence(name: string, docs: object[]): Buffer {
  const content = Buffer.concat([Buffer.from(`${name}\0`), ...docs.map(doc => serialize(doc))])
  const size = Buffer.alloc(5)
  size[0] = 1
  size.writeInt32LE(content.length + 4, 1)
  return Buffer.concat([size, content])
}

describe('the framer', () => {
  it('finds the same messages however the bytes are cut', () => {
    const all = [{ ping: 1 }, { hello: 1, text: 'x'.repeat(99) }, { a: 1 }].map(doc => opMsg([body(doc)]))
    const stream = Buffer.concat(all)
    for (let size = 1; size <= stream.length; size += 1) {
      const messagesIn = createFramer()
      const found: Buffer[] = []
      for (let at = 0; at < stream.length; at += size) {
        found.push(...messagesIn(Buffer.from(stream.subarray(at, at + size))))
      }
      expect(found.map(message => message.length)).toEqual(all.map(message => message.length))
      expect(Buffer.concat(found).equals(stream), `chunks of ${size}`).toBe(true)
    }
  })

  it('is linear in the bytes of a message, also when they come one by one', () => {
    const message = opMsg([body({ text: 'x'.repeat(4_000_000) })])
    const messagesIn = createFramer()
    let found: Buffer[] = []
    for (let at = 0; at < message.length; at += 1) found = messagesIn(message.subarray(at, at + 1))
    expect(found[0]?.equals(message)).toBe(true)
  })

  it('refuses a message longer than 48 MB before it has come', () => {
    const head = Buffer.alloc(16)
    head.writeInt32LE(48_000_001, 0)
    expect(() => createFramer()(head)).toThrow(WireError)
  })
})

describe('parseMessage', () => {
  it('reads a body and a document sequence, in either order', () => {
    const parts = [body({ insert: 'c', $db: 'd' }), sequence('documents', [{ _id: 1 }, { _id: 2 }])]
    for (const sections of [parts, parts.toReversed()]) {
      const request = parseMessage(opMsg(sections))
      expect(readDocument(request.body)).toEqual({ insert: expect.anything(), $db: 'd' })
      expect(request.sequences.get('documents')).toHaveLength(2)
    }
  })

  it('knows a request that wants no answer', () => {
    expect(parseMessage(opMsg([body({ ping: 1 })], 2)).silent).toBe(true)
    expect(parseMessage(opMsg([body({ ping: 1 })], 65536)).silent).toBe(false)
  })

  it('leaves out the checksum', () => {
    const message = opMsg([body({ ping: 1 }), Buffer.alloc(4)], 1)
    expect(Object.keys(readDocument(parseMessage(message).body))).toEqual(['ping'])
  })

  it.each([
    ['no body', opMsg([])],
    ['two bodies', opMsg([body({ a: 1 }), body({ b: 1 })])],
    ['an unknown kind', opMsg([Buffer.from([9, 5, 0, 0, 0, 0])])],
    ['a section longer than the message', opMsg([Buffer.from([0, 99, 0, 0, 0, 0])])],
    ['an unknown required flag', opMsg([body({ a: 1 })], 8)],
  ])('refuses a message with %s', (_what, message) => {
    expect(() => parseMessage(message)).toThrow(WireError)
  })

  it('refuses an answer to nothing: a query that is no command, or of no name', () => {
    const query = (name: string) => {
      const message = Buffer.concat([opMsg([]), Buffer.from(name), Buffer.alloc(8), serialize({ hello: 1 })])
      message.writeInt32LE(2004, 12)
      return message
    }
    expect(parseMessage(query('admin.$cmd\0'))).toMatchObject({ id: 7, legacy: true, silent: false })
    expect(readDocument(parseMessage(query('admin.$cmd\0')).body)).toHaveProperty('hello')
    expect(() => parseMessage(query('admin.things\0'))).toThrow(WireError)
    expect(() => parseMessage(query('admin.$cmd\0').subarray(0, 40))).toThrow(WireError)
  })

  it('never fails in another way, whatever the bytes are', () => {
    const seeds = [
      opMsg([body({ insert: 'c', $db: 'd' }), sequence('documents', [{ _id: 1 }, { b: [1, { c: 'x' }] }])]),
      opMsg([body({ ping: 1 })], 1),
    ]
    const bytes = fc.integer({ min: 0, max: 255 })
    const change = fc.tuple(fc.nat(), bytes)
    const refusal = (error: unknown) => error instanceof WireError || error instanceof MongoError
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(change, { maxLength: 8 }),
        fc.nat(),
        (seed, changes, cut) => {
          const message = Buffer.from(seed.subarray(0, Math.max(16, seed.length - (cut % 30))))
          for (const [at, byte] of changes) message[at % message.length] = byte
          try {
            readDocument(parseMessage(message).body)
          } catch (error) {
            if (!refusal(error)) throw error
          }
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('refuses a batch above 100,000 documents before it reads them', () => {
    const many = opMsg([body({ insert: 'c' }), sequence('documents', Array(100_001).fill({}))])
    expect(() => parseMessage(many)).toThrow(WireError)
  })

  it('calls broken BSON an error of the command, so that the connection can go on', () => {
    const broken = opMsg([Buffer.from([0, 8, 0, 0, 0, 0x55, 0, 0, 0])])
    expect(() => readDocument(parseMessage(broken).body)).toThrow(expect.objectContaining({ code: 22 }))
  })

  it('refuses more than 100 levels', () => {
    const deep: Record<string, unknown> = {}
    let at = deep
    for (let i = 0; i < 120; i += 1) {
      const next = {}
      at.a = next
      at = next
    }
    expect(() => readDocument(parseMessage(opMsg([body(deep)])).body)).toThrow(
      expect.objectContaining({ code: 15 }),
    )
  })
})

it('answers OP_QUERY with one document in OP_REPLY', () => {
  const reply = encodeMessage({ id: 5, legacy: true }, { ok: 1 })
  expect(reply.readInt32LE(0)).toBe(reply.length)
  expect(reply.readInt32LE(8)).toBe(5)
  expect(reply.readInt32LE(12)).toBe(1)
  expect(reply.readInt32LE(32)).toBe(1)
})
