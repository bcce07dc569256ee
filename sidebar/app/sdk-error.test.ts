import { describe, expect, it } from 'vitest'
import { readSdkError } from './sdk-error.ts'

describe('readSdkError', () => {
  it.each([
    ['getCurExternalContact:no permission', 'no_permission'],
    ['getCurExternalContact:fail no permission', 'no_permission'],
    ['sendChatMessage:permissiondenied', 'no_permission'],
    ['getContext:functionnotexist', 'not_supported'],
    ['getContext:function not exist', 'not_supported'],
    ['getCurExternalChat:fail without context of external contact', 'wrong_entry'],
    ['agentConfig:invalid signature', 'bad_signature'],
    ['sendChatMessage:cancel', 'cancelled'],
    ['sendChatMessage:system error', 'failed'],
  ])('reads %s as %s', (errMsg, trouble) => {
    expect(readSdkError({ errMsg, errCode: -1 }).trouble).toBe(trouble)
  })

  it('believes a code more than the words', () => {
    const error = readSdkError({ errMsg: 'agentConfig:fail', errCode: 40093 })
    expect(error.trouble).toBe('bad_signature')
    expect(error.errMsg).toBe('agentConfig:fail (40093)')
  })

  it('takes the native spelling of the fields as well', () => {
    expect(readSdkError({ err_msg: 'getContext:fail_no permission', err_code: 1 }).trouble).toBe(
      'no_permission',
    )
  })

  it('reads an Error of the SDK and anything else', () => {
    expect(readSdkError(new Error('SDK Error: Aborted'))).toMatchObject({
      trouble: 'failed',
      errMsg: 'SDK Error: Aborted',
    })
    expect(readSdkError(undefined).trouble).toBe('failed')
  })
})
