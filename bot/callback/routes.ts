import { parse } from 'node:querystring'
import type { Context, Middleware } from 'koa'
import type { Logger } from 'pino'
import type { PassiveAnswer } from '../../models/inbox-event.ts'
import type { Models } from '../../models/models.ts'
import { type Apps, type CallbackKeys, UnknownApp } from '../apps.ts'
import type { Dispatcher } from '../dispatch/dispatcher.ts'
import type { Inbox } from '../dispatch/inbox.ts'
import type { ReplySlots } from '../dispatch/reply-slots.ts'
import { awaitReply } from '../dispatch/stored-reply.ts'
import { type BotEvent, mayBeAnswered, parseEvent } from '../events/parse.ts'
import { WireError } from '../events/wire.ts'
import type { Metrics } from '../metrics.ts'
import { readBody, readEnvelope } from './envelope.ts'
import { createKeyring } from './keyring.ts'
import { sealReply } from './passive-reply.ts'
import { CallbackRefused } from './refusal.ts'
import { createRefusalLog } from './refusal-log.ts'
import { openCallback, readQuery } from './verify.ts'

export interface CallbackDeps {
  /** The corp and app of the environment, behind `/callback/app` and `/callback/contact`. */
  own: { corpId: string; agentId: string }
  apps: Apps
  models: Models
  inbox: Inbox
  dispatcher: Dispatcher
  replies: ReplySlots
  metrics: Metrics
  log: Logger
  replyBudgetMs: number
  /** Told of each event that was stored, and of each authentic one that could not be. */
  onStored?(): void
  onRefused?(): void
}

/**
 * The callback URLs: verification by GET, messages and events by POST (`path/90930`). Answers are plain text. A middleware
 * of its own and no router: every message of a corp comes through here, and a router costs more than reading its XML.
 */
export function callbackRoutes(deps: CallbackDeps): Middleware {
  const keyring = createKeyring(deps.apps, deps.own)
  const logRefusal = createRefusalLog(deps.log)

  /** The one place where what goes wrong at the edge becomes an answer, a number and a line without secrets. */
  function refuse(context: Context, error: unknown): void {
    const refused = asRefusal(error)
    deps.metrics.callbacks.inc({ result: refused.code })
    logRefusal(refused, { path: context.path.slice(0, 200), from: context.ip })
    context.status = refused.status
    context.body = refused.code
    // What is left of the body is not worth reading.
    if (!context.req.complete) context.set('Connection', 'close')
  }

  return async (context, next) => {
    const found = keyring.keysFor(context.path)
    if (found === undefined) return next()
    const began = performance.now()
    context.type = 'text/plain'
    try {
      const keys = await found
      if (context.method === 'POST') {
        context.body = await receive(deps, keys, context)
        deps.metrics.acknowledged.observe((performance.now() - began) / 1000)
      } else if (context.method === 'GET') context.body = verifyUrl(keys, context)
      else throw new CallbackRefused('malformed')
    } catch (error) {
      refuse(context, error)
    }
  }
}

function asRefusal(error: unknown): CallbackRefused {
  if (error instanceof CallbackRefused) return error
  return new CallbackRefused(error instanceof UnknownApp ? 'unknown_app' : 'inbox_unavailable', {
    cause: error,
  })
}

function verifyUrl(keys: CallbackKeys, { querystring }: Context): string {
  const parameters = parse(querystring)
  const { echostr } = parameters
  if (typeof echostr !== 'string' || echostr === '') throw new CallbackRefused('malformed')
  // A `+` that was not percent-encoded has become a space on the way.
  return openCallback(keys, readQuery(parameters), echostr.replaceAll(' ', '+')).text
}

/** @returns the body of the response: empty, or an answer */
async function receive(
  deps: CallbackDeps,
  keys: CallbackKeys,
  { req, querystring }: Context,
): Promise<string> {
  const query = readQuery(parse(querystring))
  const { text, pair } = openCallback(keys, query, readEnvelope(await readBody(req)))
  const event = readEvent(keys, text)
  const mayAnswer = mayBeAnswered(event)
  const leave = mayAnswer ? deps.replies.open(event.id) : undefined
  try {
    const answer = await takeIn(deps, event, keys.app, mayAnswer)
    if (answer === undefined) return ''
    return sealReply(pair, keys.corpId, event.userid ?? '', answer)
  } catch (error) {
    // Another connection of the message may wait for its answer.
    leave?.()
    // Only what is authentic: whoever knocks may not have the platform read anew.
    deps.onRefused?.()
    throw new CallbackRefused('inbox_unavailable', { cause: error })
  }
}

/** Makes the event durable, hands it on, and waits for an answer where there may be one. */
async function takeIn(
  deps: CallbackDeps,
  event: BotEvent,
  app: string,
  mayAnswer: boolean,
): Promise<PassiveAnswer | undefined> {
  const fresh = await deps.inbox.put(event, app)
  deps.onStored?.()
  deps.metrics.callbacks.inc({ result: fresh ? 'accepted' : 'duplicate' })
  const stored = fresh ? undefined : await deps.models.inbox.findById(event.id, { state: 1, reply: 1 }).lean()
  // A known event that nobody has finished is taken up too: its first receiver may have died.
  if (fresh || stored?.state === 'waiting') deps.dispatcher.accept(event)
  if (stored?.reply !== undefined || stored?.state === 'done' || stored?.state === 'dead') {
    deps.replies.close(event.id)
    return stored.reply
  }
  if (!mayAnswer) return undefined
  // What came before may be answered by whoever works on it.
  return fresh
    ? deps.replies.wait(event.id, deps.replyBudgetMs)
    : awaitReply(deps, event.id, deps.replyBudgetMs)
}

function readEvent(keys: CallbackKeys, xml: string): BotEvent {
  let event: BotEvent
  try {
    event = parseEvent(xml)
  } catch (error) {
    if (error instanceof WireError) throw new CallbackRefused('malformed', { cause: error })
    throw error
  }
  if (event.corpId !== keys.corpId) throw new CallbackRefused('wrong_receiver')
  return event
}
