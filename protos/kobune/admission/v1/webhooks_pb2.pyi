from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class ReviewRequest(_message.Message):
    __slots__ = ("admission_review",)
    ADMISSION_REVIEW_FIELD_NUMBER: _ClassVar[int]
    admission_review: bytes
    def __init__(self, admission_review: _Optional[bytes] = ...) -> None: ...

class ReviewResponse(_message.Message):
    __slots__ = ("admission_review",)
    ADMISSION_REVIEW_FIELD_NUMBER: _ClassVar[int]
    admission_review: bytes
    def __init__(self, admission_review: _Optional[bytes] = ...) -> None: ...
