"""Modbus devices on TCP, on a serial line (RTU), and on a serial line behind a TCP port."""
