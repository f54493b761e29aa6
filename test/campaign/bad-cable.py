# A cable that loses and delays, between two interfaces of one network namespace: for kernels without netem.
# Usage: bad-cable.py INTERFACE INTERFACE LOSS_PERCENT JITTER_MS SEED; ends with its interfaces, or when it is killed.
# Frames pass with their virtio header, so that checksums and segments that the cards were to finish stay right.
import heapq, random, select, socket, sys, time

names, loss, jitter = sys.argv[1:3], float(sys.argv[3]) / 100, float(sys.argv[4]) / 1000
random.seed(sys.argv[5])
SOL_PACKET, PACKET_VNET_HDR, PACKET_OUTGOING = 263, 15, 4

ends = []
for name in names:
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    end.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    end.bind((name, 3))
    ends.append(end)

print("ready", flush=True)
waiting, number = [], 0
while True:
    limit = max(0, waiting[0][0] - time.monotonic()) if waiting else None
    for end in select.select(ends, [], [], limit)[0]:
        frame, address = end.recvfrom(70000)
        if address[2] == PACKET_OUTGOING or random.random() < loss:
            continue
        number += 1
        other = ends[1] if end is ends[0] else ends[0]
        heapq.heappush(waiting, (time.monotonic() + random.random() * jitter, number, other, frame))
    while waiting and waiting[0][0] <= time.monotonic():
        _, _, end, frame = heapq.heappop(waiting)
        try:
            end.send(frame)
        except OSError:
            pass
