CREATE TABLE `products` (
  `product_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `name` varchar(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NOT NULL,
  `price` bigint NOT NULL,
  `available` bigint NOT NULL,
  `reserved` bigint NOT NULL DEFAULT '0',
  `opening` bigint NOT NULL,
  `retired_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`product_id`),
  CONSTRAINT `products_available_not_negative` CHECK ((`available` >= 0)),
  CONSTRAINT `products_price_positive` CHECK ((`price` > 0)),
  CONSTRAINT `products_reserved_not_negative` CHECK ((`reserved` >= 0))
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE `steps` (
  `order_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `step` varchar(32) COLLATE ascii_bin NOT NULL,
  `hash` varchar(64) COLLATE ascii_bin NOT NULL,
  `outcome` varchar(64) COLLATE ascii_bin DEFAULT NULL,
  `recorded_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`order_id`,`step`)
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;

CREATE TABLE `stock_ledger` (
  `entry_id` bigint NOT NULL AUTO_INCREMENT,
  `order_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `product_id` varchar(64) COLLATE ascii_bin NOT NULL,
  `kind` varchar(16) COLLATE ascii_bin NOT NULL,
  `quantity` bigint NOT NULL COMMENT 'signed: what it adds to the stock',
  `recorded_at` datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`entry_id`),
  KEY `stock_ledger_order` (`order_id`,`product_id`),
  CONSTRAINT `stock_ledger_signed` CHECK ((((`kind` = _utf8mb4'deduct') and (`quantity` < 0)) or ((`kind` = _utf8mb4'restore') and (`quantity` > 0))))
) ENGINE=InnoDB DEFAULT CHARSET=ascii COLLATE=ascii_bin;
