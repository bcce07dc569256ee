import { serialize } from 'bson'
import { describe, expect, it } from 'vitest'
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
    const stream = Buffer.concat([
      opMsg([body({ ping: 1 })]),
      opMsg([body({ hello: 1, text: 'x'.repeat(99) })]),
    ])
    for (let size = 1; size <= stream.length; size += 1) {
      const framer = createFramer()
      const lengths: number[] = []
      for (let at = 0; at < stream.length; at += size) {
        for (const message of framer.push(stream.subarray(at, at + size))) lengths.push(message.length)
      }
      expect(lengths, `chunks of ${size}`).toEqual([
        stream.readInt32LE(0),
        stream.length - stream.readInt32LE(0),
      ])
    }
  })

  it('refuses a message longer than 48 MB before it has come', () => {
    const head = Buffer.alloc(16)
    head.writeInt32LE(48_000_001, 0)
    expect(() => createFramer().push(head)).toThrow(WireError)
  })
})

describe('parseMessage', () => {
  it('reads a body and a document sequence, in either order', () => {
    const parts = [body({ insert: 'c', $db: 'd' }), sequence('documents', [{ _id: 1 }, { _id: 2 }])]
    for (const sections of [parts, parts.toReversed()]) {
      const request = parseMessage(opMsg(sections))
      expect(request.body).toEqual({ insert: expect.anything(), $db: 'd' })
      expect(request.sequences.get('documents')).toHaveLength(2)
    }
  })

  it('knows a request that wants no answer', () => {
    expect(parseMessage(opMsg([body({ ping: 1 })], 2)).silent).toBe(true)
  })

  it('leaves out the checksum', () => {
    const message = opMsg([body({ ping: 1 }), Buffer.alloc(4)], 1)
    expect(Object.keys(parseMessage(message).body)).toEqual(['ping'])
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

  it('calls broken BSON an error of the command, so that the connection can go on', () => {
    const broken = opMsg([Buffer.from([0, 8, 0, 0, 0, 0x55, 0, 0, 0])])
    expect(() => parseMessage(broken)).toThrow(expect.objectContaining({ code: 22 }))
  })

  it('refuses more than 100 levels', () => {
    const deep: Record<string, unknown> = {}
    let at = deep
    for (let i = 0; i < 120; i += 1) {
      const next = {}
      at.a = next
      at = next
    }
    expect(() => parseMessage(opMsg([body(deep)]))).toThrow(expect.objectContaining({ code: 15 }))
  })
})

it('answers OP_QUERY with one document in OP_REPLY', () => {
  const reply = encodeMessage({ id: 5, legacy: true }, { ok: 1 })
  expect(reply.readInt32LE(0)).toBe(reply.length)
  expect(reply.readInt32LE(8)).toBe(5)
  expect(reply.readInt32LE(12)).toBe(1)
  expect(reply.readInt32LE(32)).toBe(1)
})
