/**
 * Memory layouts of the argument structs of the PJRT C API, read off its public header (versions 0.81 to 0.116). Every
 * struct begins with its size, up to and including the last known field, and a pointer to extensions. Fields are only
 * ever appended, so a longer struct also serves an older plugin. `p` is a pointer or a 64-bit integer, `i` a 32-bit
 * integer, `b` a boolean.
 */
const STRUCTS = {
  Error_Destroy: 'p:error',
  Error_Message: 'p:error p:message p:messageSize',
  Error_GetCode: 'p:error i:code',
  NamedValue: 'p:name p:nameSize i:type p:value p:valueSize',
  Plugin_Initialize: '',
  Plugin_Attributes: 'p:attributes p:count',
  Event_Destroy: 'p:event',
  Event_IsReady: 'p:event b:isReady',
  Event_Error: 'p:event',
  Event_Await: 'p:event',
  Client_Create: 'p:options p:optionCount p:kvGet p:kvGetArg p:kvPut p:kvPutArg p:client p:kvTryGet p:kvTryGetArg',
  Client_PlatformName: 'p:client p:text p:textSize',
  Client_PlatformVersion: 'p:client p:text p:textSize',
  Client_AddressableDevices: 'p:client p:devices p:deviceCount',
  Client_Compile: 'p:client p:program p:options p:optionsSize p:executable',
  TopologyDescription_Create: 'p:name p:nameSize p:options p:optionCount p:topology',
  TopologyDescription_Destroy: 'p:topology',
  Compile: 'p:topology p:program p:options p:optionsSize p:client p:executable',
  Client_BufferFromHostBuffer:
    'p:client p:data i:type p:dims p:dimCount p:byteStrides p:byteStrideCount i:semantics p:device p:memory p:deviceLayout p:doneWithHostBuffer p:buffer',
  Program: 'p:code p:codeSize p:format p:formatSize',
  Device_GetDescription: 'p:device p:description',
  Device_MemoryStats:
    'p:device p:inUse p:peakInUse b:peakSet p:count b:countSet p:largest b:largestSet p:limit b:limitSet p:reserved b:reservedSet p:peakReserved b:peakReservedSet p:reservable b:reservableSet p:largestFree b:largestFreeSet p:pool b:poolSet p:peakPool b:peakPoolSet p:peakAllocated b:peakAllocatedSet',
  DeviceDescription_Id: 'p:description i:id',
  DeviceDescription_Kind: 'p:description p:text p:textSize',
  DeviceDescription_ToString: 'p:description p:text p:textSize',
  ExecuteOptions:
    'p:sendCallbacks p:recvCallbacks p:sendCount p:recvCount i:launchId p:nonDonatable p:nonDonatableCount p:context p:callLocation p:taskCount p:taskIds p:incarnationIds p:multiSlice b:majorToMinor p:hloCallbacks p:hloCallbackCount',
  LoadedExecutable_Execute:
    'p:executable p:options p:argumentLists p:deviceCount p:argumentCount p:outputLists p:completeEvents p:executeDevice',
  LoadedExecutable_GetExecutable: 'p:loaded p:executable',
  LoadedExecutable_Destroy: 'p:executable',
  Executable_Destroy: 'p:executable',
  Executable_NumOutputs: 'p:executable p:count',
  Executable_GetCompiledMemoryStats:
    'p:executable p:generatedCode p:argument p:output p:alias p:temporary p:hostCode p:hostArgument p:hostOutput p:hostAlias p:hostTemporary p:peak p:total p:totalAllocation p:indefinite p:peakUnpadded',
  Executable_Serialize: 'p:executable p:bytes p:bytesSize p:serialized p:deleter',
  Executable_DeserializeAndLoad: 'p:client p:bytes p:bytesSize p:loaded p:options p:optionsSize p:loadOptions',
  Buffer_Destroy: 'p:buffer',
  Buffer_IsDeleted: 'p:buffer b:isDeleted',
  Buffer_ToHostBuffer: 'p:source p:hostLayout p:target p:targetSize p:event',
} as const;

/** Name of a struct. The struct of a function's arguments has the name of the function. */
export type StructName = keyof typeof STRUCTS;

/** Names of the fields in a text such as `p:client i:type`. */
type FieldsIn<Text extends string> = Text extends `${string}:${infer Name} ${infer Rest}`
  ? Name | FieldsIn<Rest>
  : Text extends `${string}:${infer Name}`
    ? Name
    : never;

/** Names of the fields of a struct. */
export type FieldName<Name extends StructName> = FieldsIn<(typeof STRUCTS)[Name]>;

/**
 * The functions of `PJRT_Api` in their order, after its head. Functions are only ever appended, so an older plugin has
 * a shorter table.
 */
export const FUNCTIONS: readonly string[] =
  `Error_Destroy Error_Message Error_GetCode Plugin_Initialize Plugin_Attributes Event_Destroy
  Event_IsReady Event_Error Event_Await Event_OnReady Client_Create Client_Destroy Client_PlatformName Client_ProcessIndex
  Client_PlatformVersion Client_Devices Client_AddressableDevices Client_LookupDevice Client_LookupAddressableDevice
  Client_AddressableMemories Client_Compile Client_DefaultDeviceAssignment Client_BufferFromHostBuffer DeviceDescription_Id
  DeviceDescription_ProcessIndex DeviceDescription_Attributes DeviceDescription_Kind DeviceDescription_DebugString
  DeviceDescription_ToString Device_GetDescription Device_IsAddressable Device_LocalHardwareId Device_AddressableMemories
  Device_DefaultMemory Device_MemoryStats Memory_Id Memory_Kind Memory_DebugString Memory_ToString Memory_AddressableByDevices
  Executable_Destroy Executable_Name Executable_NumReplicas Executable_NumPartitions Executable_NumOutputs
  Executable_SizeOfGeneratedCodeInBytes Executable_GetCostAnalysis Executable_OutputMemoryKinds Executable_OptimizedProgram
  Executable_Serialize LoadedExecutable_Destroy LoadedExecutable_GetExecutable LoadedExecutable_AddressableDevices
  LoadedExecutable_Delete LoadedExecutable_IsDeleted LoadedExecutable_Execute Executable_DeserializeAndLoad
  LoadedExecutable_Fingerprint Buffer_Destroy Buffer_ElementType Buffer_Dimensions Buffer_UnpaddedDimensions
  Buffer_DynamicDimensionIndices Buffer_GetMemoryLayout Buffer_OnDeviceSizeInBytes Buffer_Device Buffer_Memory Buffer_Delete
  Buffer_IsDeleted Buffer_CopyToDevice Buffer_ToHostBuffer Buffer_IsOnCpu Buffer_ReadyEvent Buffer_UnsafePointer
  Buffer_IncreaseExternalReferenceCount Buffer_DecreaseExternalReferenceCount Buffer_OpaqueDeviceMemoryDataPointer
  CopyToDeviceStream_Destroy CopyToDeviceStream_AddChunk CopyToDeviceStream_TotalBytes CopyToDeviceStream_GranuleSize
  CopyToDeviceStream_CurrentBytes TopologyDescription_Create TopologyDescription_Destroy TopologyDescription_PlatformName
  TopologyDescription_PlatformVersion TopologyDescription_GetDeviceDescriptions TopologyDescription_Serialize
  TopologyDescription_Attributes Compile Executable_OutputElementTypes Executable_OutputDimensions Buffer_CopyToMemory
  Client_CreateViewOfDeviceBuffer Executable_Fingerprint Client_TopologyDescription Executable_GetCompiledMemoryStats`.split(
    /\s+/,
  );

/** Bytes of `PJRT_Api` before its first function: its size, extensions, and the version with a size of its own. */
export const HEAD_BYTES = 40;

type FieldKind = 'p' | 'i' | 'b';
const WIDTHS: Readonly<Record<FieldKind, number>> = { p: 8, i: 4, b: 1 };

/** Layout of one struct. */
export interface Layout {
  readonly fields: Readonly<Record<string, { readonly kind: FieldKind; readonly offset: number }>>;
  /** Value of the size field: the offset after the last field. */
  readonly size: number;
  /** Bytes to allocate. */
  readonly allocated: number;
}

function layOut(text: string): Layout {
  // After the size and the pointer to extensions.
  let end = 16;
  const fields: Record<string, { kind: FieldKind; offset: number }> = {};
  for (const field of text.split(' ').filter(Boolean)) {
    const [kind, name] = field.split(':') as [FieldKind, string];
    const offset = Math.ceil(end / WIDTHS[kind]) * WIDTHS[kind];
    fields[name] = { kind, offset };
    end = offset + WIDTHS[kind];
  }
  return { fields, size: end, allocated: Math.ceil(end / 8) * 8 };
}

/** Layout of each struct. */
export const LAYOUTS = Object.fromEntries(
  Object.entries(STRUCTS).map(([name, text]) => [name, layOut(text)]),
) as Readonly<Record<StructName, Layout>>;
