import { Schema } from 'mongoose'
import { plain } from './schema-options.ts'

/** How one message of a send went; a later success replaces a failure. */
export interface SendOutcome {
  /** Of the messages, from 0. */
  part: number
  ok: boolean
  /** What the client said. */
  errMsg: string
  at: Date
}

/** 发送记录: what a staff member sent into a chat from the sidebar. */
export interface Send {
  corpId: string
  sendId: string
  /** Idempotency: the same request makes one send. */
  key: string
  userid: string
  useridKey: string
  /** One of the two: whom it was for. */
  externalUserid?: string
  chatId?: string
  /** One of the two: what it was made of. */
  script?: string
  material?: string
  /** Of the script: only this part. */
  part?: number
  /** For people: the script's or material's title. */
  title: string
  /** As the client's `sendChatMessage` takes them (`path/94315`), in order. */
  messages: Record<string, unknown>[]
  outcomes: SendOutcome[]
  createdAt: Date
  /** When one failed after others had gone; the trajectory tells how many. */
  stuckAt?: Date
  /** When the last message had gone. */
  finishedAt?: Date
}

const outcome = new Schema<SendOutcome>(
  {
    part: { type: Number, required: true },
    ok: { type: Boolean, required: true },
    errMsg: { type: String, default: '' },
    at: { type: Date, required: true },
  },
  { _id: false },
)

export const sendSchema = new Schema<Send>(
  {
    corpId: { type: String, required: true },
    sendId: { type: String, required: true },
    key: { type: String, required: true },
    userid: { type: String, required: true },
    useridKey: { type: String, required: true },
    externalUserid: String,
    chatId: String,
    script: String,
    material: String,
    part: Number,
    title: { type: String, required: true },
    messages: { type: Schema.Types.Mixed, required: true },
    outcomes: { type: [outcome], required: true },
    createdAt: { type: Date, required: true },
    stuckAt: Date,
    finishedAt: Date,
  },
  { ...plain, collection: 'sends' },
)
sendSchema.index({ corpId: 1, sendId: 1 }, { unique: true })
sendSchema.index({ corpId: 1, key: 1 }, { unique: true })
