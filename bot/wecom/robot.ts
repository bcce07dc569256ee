import { createHash } from 'node:crypto'
import type { CallOptions } from './client.ts'
import { assertUpload } from './media.ts'
import type { Methods } from './methods.ts'
import type { Upload } from './pipeline.ts'
import type { AppCredentials } from './tokens.ts'
import type { WireRobotMessage } from './wire/robot.ts'

/** A robot of a group (消息推送, `path/99110`). Its key is all that is needed to speak there, and is never shown. */
export interface Robot {
  /** Says something, when the robot's minute has room: 20 messages over all instances. @throws as `AppClient.call` */
  send(message: WireRobotMessage, options?: CallOptions): Promise<void>
  /**
   * Uploads a file that this robot alone can send, within three days.
   *
   * @returns its media id
   * @throws as `AppClient.upload`
   */
  upload(type: 'file' | 'voice', file: Upload, options?: CallOptions): Promise<string>
}

/** One call to the platform, see `createWecom`. */
type Start = <K extends 'webhook/send' | 'webhook/upload_media'>(
  app: AppCredentials,
  path: K,
  params: Methods[K]['params'],
  given?: CallOptions,
  file?: Upload,
) => Promise<Methods[K]['result']>

/** @param which the corp whose robot it is, and the robot's key */
export function createRobot({ corpId, key }: { corpId: string; key: string }, start: Start): Robot {
  // The key takes the place of an app's secret, so that it is taken out of whatever the platform quotes.
  const app: AppCredentials = { corpId, agentId: robotName(key), secret: key }
  return {
    async send(message, options) {
      await start(app, 'webhook/send', { key, ...message }, options)
    },
    async upload(type, file, options) {
      assertUpload(type, file)
      return (await start(app, 'webhook/upload_media', { key, type }, options, file)).media_id
    },
  }
}

/** What a robot is called in logs and counts. */
function robotName(key: string): string {
  return `robot-${createHash('sha256').update(key).digest('hex').slice(0, 12)}`
}
