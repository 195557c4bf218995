from platformio.public import PlatformBase


class FakePlatform(PlatformBase):
    pass
