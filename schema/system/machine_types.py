"""The machine: processor, memory, disks, GPUs and sensors."""

import strawberry

from schema.common.scalars import BigInt


@strawberry.type(description="The machine and the versions of its software.")
class HostInfo:
    hostname: str = strawberry.field(description="Host name.")
    os: str = strawberry.field(description="Name and version of the operating system.")
    kernel: str = strawberry.field(description="Release of the operating system's kernel.")
    machine: str = strawberry.field(description="Processor architecture, such as `x86_64`.")
    python: str = strawberry.field(description="Version of Python.")
    version: str = strawberry.field(description="Version of Graphlore.")


@strawberry.type(
    description="The processor. Percentages are 0 to 100, averaged since the previous sample; `SystemStatus` "
    "describes which one that is."
)
class CpuStatus:
    model: str | None = strawberry.field(description="Name of the processor; null if it cannot be read.")
    usage_percent: float = strawberry.field(description="Utilization of all cores together.")
    per_core_percent: list[float] = strawberry.field(description="Utilization of each logical core.")
    logical_cores: int = strawberry.field(description="Number of logical cores.")
    physical_cores: int | None = strawberry.field(description="Number of physical cores; null if it cannot be read.")
    frequency_mhz: float | None = strawberry.field(description="Current frequency in MHz; null if it cannot be read.")
    max_frequency_mhz: float | None = strawberry.field(
        description="Maximum frequency in MHz; null if it cannot be read."
    )
    load_average: list[float] = strawberry.field(
        description="Mean number of processes that ran or waited, over the last 1, 5 and 15 minutes in this order."
    )
    temperature_celsius: float | None = strawberry.field(
        description="Temperature in degrees Celsius; null without a sensor."
    )


@strawberry.type(description="Main memory and swap space.")
class MemoryStatus:
    total_bytes: BigInt = strawberry.field(description="Main memory in bytes.")
    available_bytes: BigInt = strawberry.field(
        description="Main memory in bytes that programs can allocate without swapping."
    )
    used_bytes: BigInt = strawberry.field(
        description="Main memory in bytes that programs and the kernel use, without the caches of files."
    )
    used_percent: float = strawberry.field(
        description="Share of main memory that is not available: `totalBytes` minus `availableBytes`, in percent of "
        "`totalBytes`, 0 to 100. It is not the share of `usedBytes`."
    )
    swap_total_bytes: BigInt = strawberry.field(description="Swap space in bytes.")
    swap_used_bytes: BigInt = strawberry.field(description="Used swap space in bytes.")


@strawberry.type(description="A file system that the server writes to.")
class DiskStatus:
    purpose: str = strawberry.field(description="Folder that is stored there: `data` or `models`.")
    path: str | None = strawberry.field(description="Path of the folder; null for viewers other than administrators.")
    total_bytes: BigInt = strawberry.field(description="Size of the file system in bytes.")
    used_bytes: BigInt = strawberry.field(description="Used bytes.")
    free_bytes: BigInt = strawberry.field(description="Bytes that the server can still use.")
    used_percent: float = strawberry.field(
        description="`usedBytes` in percent of `usedBytes` plus `freeBytes`, 0 to 100. Bytes that are reserved for "
        "the system administrator are in `totalBytes` only."
    )


@strawberry.type(description="An NVIDIA GPU. A value that the driver does not report is null.")
class GpuStatus:
    index: int = strawberry.field(description="Number of the GPU, from 0.")
    name: str = strawberry.field(description="Name of the GPU.")
    driver_version: str | None = strawberry.field(description="Version of the driver.")
    memory_total_bytes: BigInt = strawberry.field(description="GPU memory in bytes.")
    memory_used_bytes: BigInt = strawberry.field(description="Used GPU memory in bytes.")
    memory_free_bytes: BigInt = strawberry.field(description="Free GPU memory in bytes.")
    utilization_percent: float | None = strawberry.field(description="Utilization, 0 to 100.")
    temperature_celsius: float | None = strawberry.field(description="Temperature in degrees Celsius.")
    power_watts: float | None = strawberry.field(description="Power consumption in watts.")
    fan_percent: float | None = strawberry.field(description="Fan speed as a share of its maximum, 0 to 100.")
    own_memory_bytes: BigInt | None = strawberry.field(
        description="GPU memory in bytes that the server's processes use."
    )


@strawberry.type(description="A reading of a temperature sensor.")
class TemperatureReading:
    sensor: str = strawberry.field(description="Name of the sensor chip, such as `coretemp`.")
    label: str = strawberry.field(description="Name of the measured part, or `sensor` if the part has no name.")
    current_celsius: float = strawberry.field(description="Temperature in degrees Celsius.")
    high_celsius: float | None = strawberry.field(
        description="Temperature in degrees Celsius that counts as high; null if the sensor has no threshold."
    )
    critical_celsius: float | None = strawberry.field(
        description="Temperature in degrees Celsius that counts as critical; null if the sensor has no threshold."
    )
